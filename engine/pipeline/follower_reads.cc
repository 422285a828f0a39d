// What the follower reads for others, and the ends of runs.
#include "engine/core/views.h"
#include "engine/pipeline/follower.h"
#include "schemas/event_verify.h"

#include "event_generated.h"

namespace spine::pipeline {
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
  if (!event_is_readable(event)) return unreadable_event(event);
  return event;
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
