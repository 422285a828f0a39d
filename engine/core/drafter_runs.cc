// Drafter: events of runs, and of what their agents ask.
#include <algorithm>

#include "engine/core/drafter.h"

namespace spine::core {

Seq Drafter::add_run(const Why& why, const RunDraft& run) {
  auto& builder = decision_.builder();
  const auto key = builder.CreateString(run.key.data(), run.key.size());
  const auto agent = builder.CreateString(run.agent.data(), run.agent.size());
  const auto root = fb::CreateRunQueued(builder, key, agent, run.message.value, run.not_before_ms,
                                        run.trust, run.queue_mode);
  return add(fb::EventBody::RunQueued, 0, why, finish(builder, root.o));
}

std::vector<std::uint64_t> Drafter::collect(std::uint32_t run_row, std::uint64_t now_ms,
                                            const std::vector<std::uint64_t>& gone) const {
  const Run& run = tables_.runs[run_row];
  std::vector<std::uint64_t> collected;
  if (run.queue_mode != fb::QueueMode::collect) return collected;
  const SessionHot& session = tables_.sessions.hot(run.session_row);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables_.runs.next(row)) {
    const Run& other = tables_.runs[row];
    if (row == run_row || other.queue_mode != fb::QueueMode::collect) continue;
    if (other.not_before_ms > now_ms) continue;
    // Words that are not trusted are never answered with the tools of words that are.
    if (run.trust == fb::Trust::trusted && other.trust != fb::Trust::trusted) continue;
    if (std::binary_search(gone.begin(), gone.end(), other.id.value)) continue;
    if (collected.size() == limits::kRunsCollectedMax) break;
    collected.push_back(other.id.value);
  }
  return collected;
}

void Drafter::start_run(std::uint32_t run_row, std::uint64_t now_ms,
                        const std::vector<std::uint64_t>& gone) {
  const Run& run = tables_.runs[run_row];
  Why why{.cause = run.id.value,
          .correlation = run.correlation,
          .principal = run.principal.value,
          .session = run.session.value};
  const std::vector<std::uint64_t> collected = collect(run_row, now_ms, gone);
  if (collected.empty()) {
    add_run_started(why, run.id);
    return;
  }
  std::vector<std::uint64_t> messages;
  for (const std::uint64_t id : collected)
    messages.push_back(tables_.runs[tables_.runs.find(RunId{id})].message.value);
  auto& builder = decision_.builder();
  const auto list = builder.CreateVector(messages);
  const auto root = fb::CreateRunStarted(builder, run.id.value, 1, list);
  why.cause = add(fb::EventBody::RunStarted, 0, why, finish(builder, root.o)).value;
  add_runs_merged(why, collected, run.id);
}

Seq Drafter::add_run_started(const Why& why, RunId run) {
  auto& builder = decision_.builder();
  const auto root = fb::CreateRunStarted(builder, run.value, 1);
  return add(fb::EventBody::RunStarted, 0, why, finish(builder, root.o));
}

Seq Drafter::add_run_retry(const Why& why, const Run& run) {
  auto& builder = decision_.builder();
  const auto attempt =
      static_cast<std::uint16_t>(run.attempt == 0xffff ? run.attempt : run.attempt + 1);
  const auto root = fb::CreateRunStarted(builder, run.id.value, attempt, 0, run.started.value);
  return add(fb::EventBody::RunStarted, 0, why, finish(builder, root.o));
}

Seq Drafter::add_run_failed(const Why& why, const RunFailure& failure) {
  auto& builder = decision_.builder();
  const auto message = builder.CreateString(failure.message.data(), failure.message.size());
  const auto root = fb::CreateRunFailed(builder, failure.run.value, failure.kind, message,
                                        failure.duration_ms, failure.outcome, failure.attempts);
  return add(fb::EventBody::RunFailed, 0, why, finish(builder, root.o));
}

Seq Drafter::add_runs_merged(const Why& why, const std::vector<std::uint64_t>& runs, RunId into) {
  auto& builder = decision_.builder();
  const auto list = builder.CreateVector(runs);
  const auto root = fb::CreateRunsMerged(builder, list, into.value);
  return add(fb::EventBody::RunsMerged, 0, why, finish(builder, root.o));
}

ByteSpan Drafter::abort_body(const std::uint64_t* runs, std::size_t count, fb::AbortReason reason) {
  auto& builder = decision_.builder();
  const auto list = builder.CreateVector(runs, count);
  const auto root = fb::CreateRunAborted(builder, list, reason);
  return finish(builder, root.o);
}

void Drafter::add_runs_aborted(const Why& why, const std::vector<std::uint64_t>& runs,
                               fb::AbortReason reason) {
  for (std::size_t first = 0; first < runs.size(); first += kRunsPerAbort) {
    const std::size_t count = std::min(kRunsPerAbort, runs.size() - first);
    add(fb::EventBody::RunAborted, 0, why, abort_body(runs.data() + first, count, reason));
  }
  for (const std::uint64_t run : runs)
    add_withdrawals(why.cause, run);
}

Seq Drafter::add_approval_opened(const Why& why, const ApprovalOpening& opening) {
  auto& builder = decision_.builder();
  const auto code = builder.CreateString(opening.code.data(), opening.code.size());
  const fb::Bits128 uuid(opening.uuid.hi, opening.uuid.lo);
  const auto root = fb::CreateApprovalOpened(builder, opening.request.value, &uuid, code,
                                             opening.expires_ms, opening.expires_wall_ms);
  return add(fb::EventBody::ApprovalOpened, 0, why, finish(builder, root.o));
}

Seq Drafter::add_approval_resolved(const ApprovalAnswer& answer, Why why) {
  if (why.session == 0) {
    const Approval* approval = tables_.approvals.find(answer.request);
    if (approval != nullptr) why.session = approval->session.value;
  }
  auto& builder = decision_.builder();
  const auto rule = answer.rule.empty()
                        ? flatbuffers::Offset<flatbuffers::String>{}
                        : builder.CreateString(answer.rule.data(), answer.rule.size());
  const auto root =
      fb::CreateApprovalResolved(builder, answer.request.value, answer.decision, answer.via, rule);
  return add(fb::EventBody::ApprovalResolved, 0, why, finish(builder, root.o));
}

void Drafter::add_withdrawals(std::uint64_t cause, std::uint64_t run_id) {
  const Approvals& approvals = tables_.approvals;
  for (std::size_t i = 0; i < approvals.count(); ++i) {
    if (!approvals[i].open() || approvals[i].run.value != run_id) continue;
    const std::uint32_t row = tables_.runs.find(RunId{run_id});
    Why why{.cause = cause, .session = approvals[i].session.value};
    if (row != 0) {
      why.correlation = tables_.runs[row].correlation;
      why.principal = tables_.runs[row].principal.value;
    }
    add_approval_resolved(ApprovalAnswer{.request = approvals[i].request,
                                         .decision = fb::ApprovalDecision::withdrawn,
                                         .via = fb::DecidedVia::run_end},
                          why);
  }
}

std::vector<std::uint64_t> open_runs(const Tables& tables, std::uint32_t session_row) {
  std::vector<std::uint64_t> runs;
  const SessionHot& session = tables.sessions.hot(session_row);
  if (session.running != 0) runs.push_back(tables.runs[session.running].id.value);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    runs.push_back(tables.runs[row].id.value);
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

std::uint32_t next_due_run(const Tables& tables, std::uint32_t session_row, std::uint64_t now_ms,
                           const std::vector<std::uint64_t>& gone) {
  const SessionHot& session = tables.sessions.hot(session_row);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    const Run& run = tables.runs[row];
    if (run.not_before_ms > now_ms) continue;
    if (!std::binary_search(gone.begin(), gone.end(), run.id.value)) return row;
  }
  return 0;
}

std::vector<std::uint64_t> steered_runs(const Tables& tables, const Run& into) {
  std::vector<std::uint64_t> runs;
  const SessionHot& session = tables.sessions.hot(into.session_row);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    if (tables.runs[row].steered == into.id) runs.push_back(tables.runs[row].id.value);
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

Why why_of(const Run& run) {
  return Why{.cause = run.started.value,
             .correlation = run.correlation,
             .principal = run.principal.value,
             .session = run.session.value};
}

}  // namespace spine::core
