// dump: walks verified blocks and prints the events that are asked for.
#include "replay/dump.h"

#include <algorithm>
#include <fmt/format.h>

#include "journal/journal.h"
#include "replay/cli.h"
#include "replay/names.h"
#include "replay/record_text.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
namespace {

bool wanted(const EventView& event, const DumpOptions& options, Names& names) {
  const RecordHeader& h = event.header;
  if (event.seq.value < options.from || event.seq.value > options.to) return false;
  if (!options.kinds.empty() &&
      std::find(options.kinds.begin(), options.kinds.end(), h.kind) == options.kinds.end()) {
    return false;
  }
  if (options.session.empty()) return true;
  if (h.session == 0) return false;
  return options.session == std::to_string(h.session) ||
         options.session == names.session(SessionId{h.session});
}

// What is to be printed of one block.
struct Page {
  std::string out{};
  std::string err{};
};

// Formats what is wanted of a block; counts it. False when the limit is reached.
bool dump_block(const journal::BlockView& block, const DumpOptions& options, Names& names,
                std::uint64_t& count, Page& page) {
  for (std::uint32_t i = 0; i < block.count(); ++i) {
    const EventView event = block.event(i);
    if (!wanted(event, options, names)) continue;
    if (count == options.limit) return false;
    ++count;
    if (!event_is_readable(event)) {
      // What a later version wrote is shown as far as it goes: its header.
      if (const Error why = unreadable_event(event); why.code == Errc::corrupt) {
        page.err += fmt::format("Error: The journal is damaged: {}.\n", why.message);
        continue;
      }
    }
    page.out += options.json ? record_json(event, names) : record_text(event, names);
    page.out += '\n';
  }
  return true;
}

}  // namespace

int journal_dump(const DumpOptions& options, std::FILE* out, std::FILE* err) {
  auto reader = journal::Reader::open_read_only(options.journal_dir);
  if (!reader) return fail(err, reader.error());
  Names names(*reader);
  Page page;
  std::uint64_t count = 0;
  int code = kExitOk;
  Seq at{std::max<std::uint64_t>(options.from, 1)};
  for (;;) {
    // A fresh look for every block, and none while printing: that may wait for as long as somebody
    // looks at the first page, and a pinned reader makes a live journal's file grow.
    if (auto renewed = reader->renew(); !renewed) return fail(err, renewed.error());
    if (at > reader->last() || at.value > options.to) return code;
    if (at < reader->first()) at = reader->first();
    auto block = reader->block_of(at);
    if (!block) return fail(err, block.error());
    page.out.clear();
    page.err.clear();
    const bool more = dump_block(*block, options, names, count, page);
    at = next(block->last());
    reader->release();
    fmt::print(out, "{}", page.out);
    if (!page.err.empty()) {
      fmt::print(err, "{}", page.err);
      code = kExitFailure;
    }
    if (!more) return code;
  }
}

}  // namespace spine::replay
