// Walking back through a session's blocks until a page is full.
#include "engine/pipeline/history_reader.h"

#include <algorithm>

#include "engine/core/views.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/finished.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

constexpr std::size_t kBlocksAtOnce = 64;
// Of what a tool was given or gave back, when it does not stand in its event; the journal has more.
constexpr std::size_t kToolTextBytesMax = 4 * limits::kToolInlineBytesMax;
// Where an answer that was stopped is looked for behind the page that its end stands on.
constexpr std::uint64_t kSeqsBehindMax = 100'000;

}  // namespace

Result<HistoryItem> HistoryReader::read(SessionId session, Seq before, std::uint64_t limit,
                                        HistoryLines lines) {
  HistoryItem item{};
  item.found = core::view_session(state_, session, item.session);
  if (!item.found || item.session.message_count == 0) return item;
  page_ = HistoryPage({.session = session,
                       .first = item.session.history_first,
                       .limit = std::min<std::size_t>(limit, limits::kHistoryMessagesMax),
                       .lines = lines});
  SPINE_TRY_STATUS(collect(item.session, before));
  SPINE_TRY_STATUS(fill(item));
  return item;
}

// Walks the session's blocks from the newest backwards until there is enough.
Status HistoryReader::collect(const core::SessionView& session, Seq before) {
  // A client names any number as its cursor: what lies beyond the journal's end is the end.
  Seq to = before ? std::min(Seq{before.value - 1}, state_.applied()) : state_.applied();
  const Seq last = to;
  while (to >= session.history_first && !page_.complete()) {
    SPINE_TRY(const std::vector<Seq> blocks,
              index_.session_blocks(session.id, Seq{1}, to, kBlocksAtOnce));
    if (blocks.empty()) break;
    for (auto it = blocks.rbegin(); it != blocks.rend() && !page_.complete(); ++it) {
      SPINE_TRY(const journal::BlockView block, reader_.block_of(*it));
      for (std::uint32_t i = block.count(); i-- > 0 && !page_.complete();) {
        const EventView event = block.event(i);
        if (event.seq > last || !page_.wants(event)) continue;
        if (!event_is_readable(event)) return unreadable_event(event);
        page_.take(event);
      }
    }
    if (blocks.front() <= session.history_first) break;
    to = Seq{blocks.front().value - 1};
  }
  const bool more_behind = last && last < state_.applied();
  return page_.wants_newer() && more_behind ? look_behind(session.id, last) : ok();
}

Status HistoryReader::look_behind(SessionId session, Seq last) {
  SPINE_TRY(const journal::BlockView end, reader_.block_of(last));
  const Seq to = std::min(state_.applied(), Seq{last.value + kSeqsBehindMax});
  // Of a range the index gives the last blocks, and the first are wanted: there is at most one a
  // seq, so all of them are asked for.
  SPINE_TRY(std::vector<Seq> blocks,
            index_.session_blocks(session, end.first(), to, kSeqsBehindMax));
  if (blocks.size() > kBlocksAtOnce) blocks.resize(kBlocksAtOnce);
  for (const Seq at : blocks) {
    if (!page_.wants_newer()) break;
    SPINE_TRY(const journal::BlockView block, reader_.block_of(at));
    for (std::uint32_t i = 0; i < block.count() && page_.wants_newer(); ++i) {
      const EventView event = block.event(i);
      if (event.seq <= last || !page_.wants(event)) continue;
      if (!event_is_readable(event)) return unreadable_event(event);
      page_.take_newer(event);
    }
  }
  return ok();
}

// What belongs to a row; of a large text the beginning.
EventView HistoryReader::shown(EventView event) {
  if (!is_kind(event, fb::EventBody::BodyRecorded)) return event;
  const auto& body = root_of<fb::BodyRecorded>(event);
  const std::string_view text = cut_text(text_of(body.text()), kToolTextBytesMax);
  flatbuffers::FlatBufferBuilder builder;
  const auto beginning = builder.CreateString(text.data(), text.size());
  builder.Finish(fb::CreateBodyRecorded(builder, body.run(), 0, body.bytes(), beginning));
  event.body = copies_.emplace_back(finished(builder)).view();
  return event;
}

// Oldest first; what belongs to a row comes right before it. Both count, so a page may end earlier
// than its rows do.
Status HistoryReader::fill(HistoryItem& item) {
  item.more = page_.more();
  std::size_t bytes = 0;
  for (const HistoryPage::Line& line : page_.lines()) {
    const Seq belongs = page_.belonging_to(line);
    EventView belonging{};
    if (belongs) {
      SPINE_TRY(belonging, reader_.event_at(belongs));
      belonging = shown(belonging);
    }
    bytes += line.event.body.size() + belonging.body.size();
    if (bytes > limits::kHistoryBytesMax && !item.events.empty()) {
      item.more = true;
      break;
    }
    item.events.push_back(line.event);
    if (belongs) item.events.push_back(belonging);
  }
  std::reverse(item.events.begin(), item.events.end());
  return ok();
}

}  // namespace spine::pipeline
