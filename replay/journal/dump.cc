// dump: prints the selected events.
#include <fmt/format.h>
#include <string>

#include "replay/timeline/event_text.h"
#include "replay/timeline/selection.h"
#include "replay/timeline/timeline.h"
#include "replay/verb.h"
#include "schemas/event_verify.h"

namespace spine::replay {
namespace {

// The output of one block.
struct Page {
  std::string out{};
  std::string err{};
};

// What is selected, and how many of it are printed.
class Dump {
 public:
  Dump(const Common& common, Timeline& timeline, Selection selection, std::uint64_t limit)
      : common_(common),
        timeline_(timeline),
        names_(timeline),
        selection_(std::move(selection)),
        left_(limit) {}

  // Stops at the first damaged block, and names it; an event with an invalid body is named and
  // skipped, and the exit code is 1 at the end.
  Result<int> run() {
    journal::Reader& reader = timeline_.reader();
    int code = kExitOk;
    Seq at = std::max(selection_.from, Seq{1});
    while (left_ != 0) {
      // A new read snapshot for every block, and none while printing, which a pager can block for
      // long: a long snapshot would make a live journal's file grow.
      SPINE_TRY_STATUS(reader.renew());
      at = selection_.where().at_or_after(std::max(at, reader.first()));
      if (!at || at > std::min(selection_.upto, reader.last())) return code;
      SPINE_TRY(const journal::BlockView block, reader.block_of(at));
      format(block);
      at = next(block.last());
      reader.release();
      fmt::print(common_.out, "{}", page_.out);
      fmt::print(common_.err, "{}", page_.err);
      if (!page_.err.empty()) code = kExitFailure;
    }
    return code;
  }

 private:
  void format(const journal::BlockView& block) {
    page_ = {};
    for (std::uint32_t i = 0; i < block.count() && left_ != 0; ++i) {
      const EventView event = block.event(i);
      if (!selection_.wanted(event, names_)) continue;
      --left_;
      if (!event_is_readable(event)) {
        // Of an event of a later version only the header is shown.
        if (const Error why = unreadable_event(event); why.code == Errc::corrupt) {
          page_.err += fmt::format("Error: The journal is damaged: {}.\n", why.message);
          continue;
        }
      }
      page_.out += common_.json ? record_json(event, names_) : record_text(event, names_);
      page_.out += '\n';
    }
  }

  const Common& common_;
  Timeline& timeline_;
  Names names_;
  Selection selection_;
  std::uint64_t left_;
  Page page_{};
};

}  // namespace

Action journal_dump(CLI::App& verb) {
  examples(verb, {"spine journal dump --kind MessageReceived --kind RunFinished",
                  "spine journal dump --from \"yesterday 14:03\" --channel telegram",
                  "spine journal dump --session agent:main:main --json | jq .body.text"});
  const auto selected = selection_options(verb);
  const auto limit = option<std::uint64_t>(verb, "--limit", "At most this many events", UINT64_MAX);
  verb.get_option("--limit")->default_str("");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(Timeline timeline, Timeline::open(common.state_dir));
    SPINE_TRY(Selection selection, Selection::find(*selected, timeline));
    return Dump(common, timeline, std::move(selection), *limit).run();
  };
}

}  // namespace spine::replay
