// Run rules: what follows when a run ends or is stopped.
#include <algorithm>

#include "engine/core/drafter.h"

namespace spine::core {
namespace {

std::uint64_t run_named(const Input& input) {
  if (input.kind == static_cast<std::uint16_t>(fb::EventBody::RunFinished)) {
    return flatbuffers::GetRoot<fb::RunFinished>(input.body.data())->run();
  }
  return flatbuffers::GetRoot<fb::RunFailed>(input.body.data())->run();
}

// The runs to stop: those listed that are open, or all of the session's. Ascending, each once.
std::vector<std::uint64_t> runs_to_abort(const Tables& tables, const Input& input,
                                         const flatbuffers::Vector<std::uint64_t>* listed) {
  const bool all = listed == nullptr || listed->size() == 0;
  if (all && !input.run) {
    const std::uint32_t session = tables.sessions.find(input.session);
    return session == 0 ? std::vector<std::uint64_t>{} : open_runs(tables, session);
  }
  std::vector<std::uint64_t> runs;
  const auto add = [&](std::uint64_t id) {
    const std::uint32_t row = tables.runs.find(RunId{id});
    if (row != 0 && tables.runs.open(row)) runs.push_back(id);
  };
  if (all) {
    add(input.run.value);
    return runs;
  }
  for (const std::uint64_t id : *listed)
    add(id);
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  return runs;
}

// Sessions that the runs belong to, ascending, each once.
std::vector<std::uint64_t> sessions_of(const Tables& tables,
                                       const std::vector<std::uint64_t>& runs) {
  std::vector<std::uint64_t> sessions;
  for (const std::uint64_t id : runs) {
    sessions.push_back(tables.runs[tables.runs.find(RunId{id})].session.value);
  }
  std::sort(sessions.begin(), sessions.end());
  sessions.erase(std::unique(sessions.begin(), sessions.end()), sessions.end());
  return sessions;
}

bool same_list(const flatbuffers::Vector<std::uint64_t>* listed,
               const std::vector<std::uint64_t>& runs) {
  return listed != nullptr && std::equal(listed->begin(), listed->end(), runs.begin(), runs.end());
}

}  // namespace

void decide_run_end(const Tables& tables, const Input& input, Decision& decision) {
  const RunId id{run_named(input)};
  Reply& reply = decision.reply;
  reply.run = id;
  const std::uint32_t row = tables.runs.find_running(id);
  if (row == 0) {
    reply.code = ReplyCode::not_found;
    return;
  }
  const Run& run = tables.runs[row];
  Drafter drafter(tables, input, decision);
  Why why = why_of(run);
  reply.session = run.session;
  reply.seq = drafter.add_input(why);
  why.cause = reply.seq.value;
  // An answer is the answer to what was steered into it, too; without one those wait their turn.
  std::vector<std::uint64_t> merged;
  if (input.kind == static_cast<std::uint16_t>(fb::EventBody::RunFinished)) {
    merged = steered_runs(tables, run);
  }
  if (!merged.empty()) drafter.add_runs_merged(why, merged, id);
  drafter.add_withdrawals(why.cause, run.id.value);
  const std::uint64_t now_ms = input.now.logical_ms;
  const std::uint32_t next = next_due_run(tables, run.session_row, now_ms, merged);
  if (next != 0) drafter.start_run(next, now_ms, merged);
}

void decide_abort(const Tables& tables, const Input& input, Decision& decision) {
  const auto* body = flatbuffers::GetRoot<fb::RunAborted>(input.body.data());
  Reply& reply = decision.reply;
  reply.session = input.session;
  const std::vector<std::uint64_t> runs = runs_to_abort(tables, input, body->runs());
  if (runs.empty()) {
    const bool lost = input.session && tables.sessions.find(input.session) == 0;
    reply.code = lost ? ReplyCode::not_found : ReplyCode::nothing_to_do;
    return;
  }
  Drafter drafter(tables, input, decision);
  const std::vector<std::uint64_t> sessions = sessions_of(tables, runs);
  const std::uint64_t session = sessions.size() == 1 ? sessions.front() : 0;
  const Why why{.principal = input.principal.value, .session = session};
  // All of a session, and more than one event names: the input stays whole, the rest follows.
  const bool listed = body->runs() != nullptr && body->runs()->size() != 0;
  const bool too_many = runs.size() > kRunsPerAbort;
  const std::size_t first = too_many && !listed ? 0 : std::min(runs.size(), kRunsPerAbort);
  const bool as_it_came = too_many ? !listed : same_list(body->runs(), runs);
  const Seq seq = as_it_came
                      ? drafter.add_input(why)
                      : drafter.add_input(why, input.kind,
                                          drafter.abort_body(runs.data(), first, body->reason()));
  for (std::size_t i = 0; i < first; ++i)
    drafter.add_withdrawals(seq.value, runs[i]);
  Why rest = why;
  rest.cause = rest.correlation = seq.value;
  drafter.add_runs_aborted(rest, {runs.begin() + static_cast<std::ptrdiff_t>(first), runs.end()},
                           body->reason());
  reply.seq = seq;
  reply.run = RunId{runs.front()};
  reply.session = SessionId{session};
  for (const std::uint64_t id : sessions) {
    const std::uint32_t row = tables.sessions.find(SessionId{id});
    const std::uint32_t running = tables.sessions.hot(row).running;
    const bool free =
        running == 0 || std::binary_search(runs.begin(), runs.end(), tables.runs[running].id.value);
    const std::uint32_t next = free ? next_due_run(tables, row, input.now.logical_ms, runs) : 0;
    if (next != 0) drafter.start_run(next, input.now.logical_ms, runs);
  }
}

}  // namespace spine::core
