// Runs that wait, are worked on, are cut off and end.
#include "engine/core/runs/evolve.h"

#include <limits>

#include "engine/core/messages/repeats.h"
#include "engine/core/sessions/evolve.h"

namespace spine::core {
namespace {

// Delays of a session's waiting runs count only while the session is free: a busy one starts the
// next run when it becomes free.
void arm_delays(Tables& tables, std::uint32_t session_row) {
  const SessionHot& hot = tables.sessions.hot(session_row);
  for (std::uint32_t row = hot.waiting.first; row != 0; row = tables.runs.next(row)) {
    tables.runs.set_delay_armed(row, hot.running == 0);
  }
}

// Counts a delayed run of its principal in or out.
void count_delayed(Tables& tables, const Run& run, bool in) {
  if (run.not_before_ms == 0) return;
  const std::uint32_t principal = tables.principals.find(run.principal);
  if (principal == 0) return;
  std::uint32_t& delayed = tables.principals.hot(principal).delayed;
  delayed += in ? 1U : ~0U;
}

void leave_queue(Tables& tables, std::uint32_t run_row) {
  const Run& run = tables.runs[run_row];
  SessionHot& hot = tables.sessions.hot(run.session_row);
  tables.runs.set_delay_armed(run_row, false);
  tables.runs.stop_waiting(hot.waiting, run_row);
  --hot.waiting_count;
  count_delayed(tables, run, false);
}

// Runs steered into the session's run wait their turn again: that run, or its attempt, has ended.
void clear_steered(Tables& tables, std::uint32_t session_row) {
  const SessionHot& hot = tables.sessions.hot(session_row);
  for (std::uint32_t row = hot.waiting.first; row != 0; row = tables.runs.next(row))
    tables.runs[row].steered = {};
}

template <class Body>
void fold_end(const Folding& fold, RunStatus status) {
  Tables& tables = fold.tables;
  const std::uint32_t row = tables.runs.find_running(RunId{fold.body<Body>().run()});
  if (row == 0) return;
  append_reply(fold, tables.runs[row].session_row, tables.runs[row].message);
  end_run(fold, row, status);
}

}  // namespace

void end_run(const Folding& fold, std::uint32_t run_row, RunStatus status) {
  Tables& tables = fold.tables;
  Run& run = tables.runs[run_row];
  const std::uint32_t session_row = run.session_row;
  if (run.status == RunStatus::running) {
    tables.sessions.hot(session_row).running = 0;
    clear_steered(tables, session_row);
    tables.allowed_tools.forget(run.id);
    tables.previews.forget(run.id);
  } else {
    leave_queue(tables, run_row);
    tables.bursts.forget(run.id);
  }
  run.ended_wall_ms = fold.wall_ms();
  tables.runs.end(run_row, status, fold.seq());
  arm_delays(tables, session_row);
  tables.sessions.touch(session_row, fold.logical_ms(), fold.seq());
}

void fold_run_queued(const Folding& fold) {
  const auto& body = fold.body<fb::RunQueued>();
  Tables& tables = fold.tables;
  const RecordHeader& header = fold.event.header;
  const std::uint32_t session_row = tables.sessions.find(SessionId{header.session});
  if (session_row == 0 || tables.runs.full()) return;
  const RunId id{fold.seq().value};
  const bool followup = body.queue_mode() == fb::QueueMode::followup;
  const Run& old = tables.runs[tables.runs.find(RunId{body.retry_of()})];
  const std::uint32_t row =
      tables.runs.add({.id = id,
                       .session = SessionId{header.session},
                       .message = Seq{body.message()},
                       .principal = PrincipalId{header.principal},
                       .correlation = header.correlation,
                       .not_before_ms = body.not_before_ms(),
                       .previous = Runs::retried_start(old),
                       .channel = ChannelId{body.channel()},
                       .lane = body.lane(),
                       .key = cut_bytes(body.run_key(), limits::kIdempotencyKeyBytesMax),
                       .agent_id = cut_bytes(body.agent_id()),
                       .trust = body.trust(),
                       .queue_mode = followup ? fb::QueueMode::unset : body.queue_mode()});
  Run& run = tables.runs[row];
  run.session_row = session_row;
  SessionHot& hot = tables.sessions.hot(session_row);
  tables.runs.wait(hot.waiting, row);
  ++hot.waiting_count;
  count_delayed(tables, run, true);
  tables.runs.set_delay_armed(row, hot.running == 0);
  tables.sessions.settle(session_row);
  if (body.retry_of() == 0) tables.bursts.set_run(run.session, run.message, id);
  // Of a retry the request names the run, and the message keeps the one it led to.
  tables.idempotency.set_run(body.retry_of() != 0 ? Seq{header.cause} : run.message, id);
}

void fold_run_retry_requested(const Folding& fold) {
  const auto& body = fold.body<fb::RunRetryRequested>();
  const std::string_view key = text_of(body.run_key());
  if (key.empty()) return;
  Tables& tables = fold.tables;
  const PrincipalId principal{fold.event.header.principal};
  tables.idempotency.add(
      {.fingerprint = idempotency_fingerprint(tables.meta.fingerprint_key, principal, key),
       .message = fold.seq(),
       .run = {},
       .logical_ms = fold.logical_ms()});
}

void fold_run_started(const Folding& fold) {
  const auto& body = fold.body<fb::RunStarted>();
  Tables& tables = fold.tables;
  const std::uint32_t row = tables.runs.find(RunId{body.run()});
  if (row == 0 || !tables.runs.open(row)) return;
  Run& run = tables.runs[row];
  if (run.status == RunStatus::queued) {
    SessionHot& hot = tables.sessions.hot(run.session_row);
    if (hot.running != 0) return;  // one at a time
    leave_queue(tables, row);
    tables.bursts.forget(run.id);
    hot.running = row;
    tables.runs.start(row);
    arm_delays(tables, run.session_row);
  }
  run.started = fold.seq();
  run.started_wall_ms = fold.wall_ms();
  run.attempt = body.attempt();
}

void fold_run_finished(const Folding& fold) {
  fold_end<fb::RunFinished>(fold, RunStatus::finished);
}

void fold_run_failed(const Folding& fold) {
  fold_end<fb::RunFailed>(fold, RunStatus::failed);
}

void fold_runs_aborted(const Folding& fold) {
  const auto& body = fold.body<fb::RunAborted>();
  if (body.runs() == nullptr) return;
  Tables& tables = fold.tables;
  // What a reset or a rewinding ends is no part of the history.
  const bool by_reset = body.reason() == fb::AbortReason::session_reset;
  bool counted = false;
  for (const std::uint64_t id : *body.runs()) {
    const std::uint32_t row = tables.runs.find(RunId{id});
    if (row == 0) continue;
    const Run& run = tables.runs[row];
    if (!tables.runs.open(row)) {
      // Ended with its session just before, by the event that led to this one.
      if (run.status == RunStatus::aborted && run.ended.value == fold.event.header.cause) {
        tables.runs.end(row, RunStatus::aborted, fold.seq());
      }
      continue;
    }
    if (!counted && !by_reset && run.session.value == fold.event.header.session) {
      const std::uint64_t before = tables.sessions.hot(run.session_row).message_count;
      append_reply(fold, run.session_row, run.message);
      counted = tables.sessions.hot(run.session_row).message_count != before;
    }
    end_run(fold, row, RunStatus::aborted);
  }
}

// The obligation of the attempt is closed: what it came to is unknown. The run stays open until the
// RunStarted or RunFailed that follows.
void fold_run_interrupted(const Folding& fold) {
  const auto& body = fold.body<fb::RunInterrupted>();
  Tables& tables = fold.tables;
  const std::uint32_t row = tables.runs.find_running(RunId{body.run()});
  if (row == 0) return;
  Run& run = tables.runs[row];
  clear_steered(tables, run.session_row);
  const bool counts = body.reason() == fb::InterruptReason::agent_crash ||
                      body.reason() == fb::InterruptReason::gateway_crash;
  if (counts && run.crashes != std::numeric_limits<std::uint16_t>::max()) ++run.crashes;
}

void fold_run_steered(const Folding& fold) {
  const auto& body = fold.body<fb::RunSteered>();
  Runs& runs = fold.tables.runs;
  const std::uint32_t row = runs.find(RunId{body.run()});
  if (runs.may_steer(row, runs.find(RunId{body.into()}))) runs[row].steered = RunId{body.into()};
}

void fold_runs_merged(const Folding& fold) {
  const auto& body = fold.body<fb::RunsMerged>();
  if (body.runs() == nullptr) return;
  Runs& runs = fold.tables.runs;
  for (const std::uint64_t id : *body.runs()) {
    const std::uint32_t row = runs.find(RunId{id});
    if (row != 0 && runs[row].status == RunStatus::queued) end_run(fold, row, RunStatus::finished);
  }
}

void fold_agent_session(const Folding& fold) {
  const auto& body = fold.body<fb::AgentSessionBound>();
  Tables& tables = fold.tables;
  const std::uint32_t run = tables.runs.find_running(RunId{body.run()});
  if (run == 0) return;
  tables.sessions.set_agent_session(tables.runs[run].session_row, text_of(body.ref()));
}

}  // namespace spine::core
