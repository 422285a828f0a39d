// What the follower reads for others: histories and the ends of runs.
#include <algorithm>
#include <cstring>

#include "engine/core/views.h"
#include "engine/pipeline/follower.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

// Whether the event is a line of a conversation.
bool is_history(std::uint16_t kind) {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::MessageReceived:
    case fb::EventBody::RunFinished:
    case fb::EventBody::RunFailed:
    case fb::EventBody::RunAborted:
    case fb::EventBody::CommandAnswered:
      return true;
    default:
      return false;
  }
}

Error invalid_body(Seq seq) {
  return {Errc::corrupt, "event " + std::to_string(seq.value) + " has an invalid body"};
}

// Copies the body where it outlives the block: the words of `storage`.
EventView keep(const EventView& event, std::vector<std::uint64_t>& storage) {
  storage.resize(align8(event.body.size()) / 8);
  if (!event.body.empty()) std::memcpy(storage.data(), event.body.data(), event.body.size());
  EventView kept = event;
  kept.body = {reinterpret_cast<const std::byte*>(storage.data()), event.body.size()};
  return kept;
}

}  // namespace

Status Follower::answer_requests() {
  ReadRequest request{};
  while (requests_.try_dequeue(request))
    waiting_.push_back(request);
  if (waiting_.empty()) return ok();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (waiting_[i].as_of.value > state_.applied().value) {
      waiting_[kept++] = waiting_[i];
      continue;
    }
    SPINE_TRY_STATUS(answer(waiting_[i]));
    net_.flush();  // one by one: an answer may be megabytes
    loop_.flush();
  }
  waiting_.resize(kept);
  return ok();
}

Status Follower::answer(const ReadRequest& request) {
  switch (request.kind) {
    case ReadRequest::Kind::history:
      return answer_history(request);
    case ReadRequest::Kind::run_end:
      return answer_run_end(request);
    case ReadRequest::Kind::prompt:
      return answer_prompt(request);
    case ReadRequest::Kind::gap:
      return answer_gap(request);
    case ReadRequest::Kind::runs:
      return answer_runs(request);
  }
  return ok();
}

Result<EventView> Follower::event_at(Seq seq) {
  SPINE_TRY(const journal::BlockView block, reader_->block_of(seq));
  const EventView event = block.event(static_cast<std::uint32_t>(seq.value - block.first().value));
  if (!verify_event_body(event.header.kind, event.body)) {
    return invalid_body(seq);
  }
  return event;
}

Status Follower::answer_history(const ReadRequest& request) {
  HistoryItem item{};
  item.found = core::view_session(state_, request.session, item.session);
  if (item.found && item.session.message_count != 0) {
    SPINE_TRY_STATUS(collect_history(item.session, request, item));
  }
  write(net_, request.connection, request.request, item);
  return ok();
}

// Walks the session's blocks from the newest backwards until there is enough.
Status Follower::collect_history(const core::SessionView& session, const ReadRequest& request,
                                 HistoryItem& item) {
  const std::size_t limit = std::min<std::size_t>(request.limit, limits::kHistoryMessagesMax);
  Seq to = request.before ? Seq{request.before.value - 1} : state_.applied();
  std::size_t bytes = 0;
  copies_.clear();
  while (to.value >= session.history_first.value && !item.more) {
    constexpr std::size_t kBlocksAtOnce = 64;
    SPINE_TRY(const std::vector<Seq> blocks,
              index_->session_blocks(session.id, Seq{1}, to, kBlocksAtOnce));
    if (blocks.empty()) break;
    for (auto it = blocks.rbegin(); it != blocks.rend() && !item.more; ++it) {
      SPINE_TRY(const journal::BlockView block, reader_->block_of(*it));
      for (std::uint32_t i = block.count(); i-- > 0;) {
        const EventView event = block.event(i);
        if (event.seq.value > to.value || event.seq.value < session.history_first.value) continue;
        if (event.header.session != session.id.value || !is_history(event.header.kind)) continue;
        if (!verify_event_body(event.header.kind, event.body)) return invalid_body(event.seq);
        bytes += event.body.size();
        // At least one row, however large: otherwise nobody could ever get past it.
        const bool full = bytes > limits::kHistoryBytesMax && !item.events.empty();
        if (item.events.size() == limit || full) {
          item.more = true;
          break;
        }
        copies_.emplace_back();
        item.events.push_back(keep(event, copies_.back()));
      }
    }
    if (blocks.front().value <= session.history_first.value) break;
    to = Seq{blocks.front().value - 1};
  }
  std::reverse(item.events.begin(), item.events.end());
  return ok();
}

Status Follower::answer_run_end(const ReadRequest& request) {
  RunItem item{};
  item.found = core::view_run(state_, request.run, item.run);
  if (!item.found) {
    write(net_, request.connection, request.request, item);
    return ok();
  }
  core::SessionView session{};
  if (core::view_session(state_, item.run.session, session)) item.session_key = session.key;
  if (item.run.ended) {
    SPINE_TRY(item.end, event_at(item.run.ended));
    item.has_end = true;
  }
  write(net_, request.connection, request.request, item);
  return ok();
}

// The state does not keep since when a run waits: the event that queued it, whose seq is its id,
// knows.
Status Follower::answer_runs(const ReadRequest& request) {
  RunsItem item{};
  std::vector<RunId> ids;
  item.total = core::list_open_runs(state_, static_cast<std::size_t>(request.limit), ids);
  for (const RunId id : ids) {
    OpenRun& open = item.runs.emplace_back();
    core::view_run(state_, id, open.run);
    core::SessionView session{};
    if (core::view_session(state_, open.run.session, session)) {
      open.session_key = session.key;
      if (session.active_run != id) open.behind_run_key = session.active_run_key;
    }
    SPINE_TRY(const EventView queued, event_at(Seq{id.value}));
    open.queued_wall_ms = queued.header.wall_ms;
  }
  write(net_, request.connection, request.request, item);
  return ok();
}

}  // namespace spine::pipeline
