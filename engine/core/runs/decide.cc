// What becomes of runs: of one that ends, is stopped or was cut off, and of what its agent says
// meanwhile.
#include "engine/core/runs/decide.h"

#include <algorithm>
#include <string>

#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/messages/repeats.h"
#include "engine/core/sessions/histories.h"

namespace spine::core {
namespace {

void sort_once(std::vector<std::uint64_t>& ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
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
  } else {
    std::for_each(listed->begin(), listed->end(), add);
  }
  sort_once(runs);
  return runs;
}

// Sessions that the runs belong to, ascending, each once.
std::vector<std::uint64_t> sessions_of(const Tables& tables,
                                       const std::vector<std::uint64_t>& runs) {
  std::vector<std::uint64_t> sessions;
  for (const std::uint64_t id : runs) {
    sessions.push_back(tables.runs[tables.runs.find(RunId{id})].session.value);
  }
  sort_once(sessions);
  return sessions;
}

bool same_list(const flatbuffers::Vector<std::uint64_t>* listed,
               const std::vector<std::uint64_t>& runs) {
  return listed != nullptr && std::equal(listed->begin(), listed->end(), runs.begin(), runs.end());
}

// Queued runs whose messages the agent of this run took (RunSteered), by id ascending.
std::vector<std::uint64_t> steered_runs(const Tables& tables, const Run& into) {
  std::vector<std::uint64_t> runs;
  const SessionHot& session = tables.sessions.hot(into.session_row);
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    if (tables.runs[row].steered == into.id) runs.push_back(tables.runs[row].id.value);
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

// Whether another run took the message over (RunsMerged).
bool is_merged(const Run& run) {
  return run.status == RunStatus::finished && !run.started;
}

// The run that took over what a merged run was for; row, 0 = it is not known any more. A session's
// runs are worked on one at a time: collected messages were taken by the run that ended first after
// the merging, steered ones by the run whose end it was.
std::uint32_t merged_into(const Tables& tables, const Run& merged) {
  const Runs& runs = tables.runs;
  const bool collected = merged.queue_mode == fb::QueueMode::collect;
  const auto end_of = [&](std::uint32_t row) {
    return runs[row].ended ? runs[row].ended.value : ~std::uint64_t{0};
  };
  std::uint32_t found = 0;
  for (std::uint32_t row = 1; row < runs.end(); ++row) {
    if (!runs.live(row) || runs[row].session != merged.session || !runs[row].started) continue;
    if ((end_of(row) > merged.ended.value) != collected) continue;
    if (found == 0 || (end_of(row) < end_of(found)) == collected) found = row;
  }
  return found;
}

// What became of a message. Rows; 0 = none.
struct MessageFate {
  std::uint32_t open{};      // the first run that waits for it or works on it
  std::uint32_t answered{};  // the last run that answered it
};

MessageFate fate_of(const Tables& tables, Seq message) {
  const Runs& runs = tables.runs;
  MessageFate fate{};
  const auto for_each_of = [&](const std::vector<Seq>& messages, auto visit) {
    for (std::uint32_t row = 1; row < runs.end(); ++row) {
      const bool of = runs.live(row) && std::find(messages.begin(), messages.end(),
                                                  runs[row].message) != messages.end();
      if (of) visit(row);
    }
  };
  const auto note_answer = [&](std::uint32_t row) {
    if (fate.answered == 0 || runs[row].id > runs[fate.answered].id) fate.answered = row;
  };
  // Runs for these answer it, too: another try at a run is given all that the run had collected.
  std::vector<Seq> messages{message};
  for_each_of({message}, [&](std::uint32_t row) {
    if (!is_merged(runs[row])) return;
    const std::uint32_t into = merged_into(tables, runs[row]);
    const bool collected = runs[row].queue_mode == fb::QueueMode::collect;
    if (collected && into != 0) return messages.push_back(runs[into].message);
    note_answer(into != 0 ? into : row);
  });
  for_each_of(messages, [&](std::uint32_t row) {
    if (runs.open(row) && (fate.open == 0 || runs[row].id < runs[fate.open].id)) fate.open = row;
    if (runs[row].status == RunStatus::finished && !is_merged(runs[row])) note_answer(row);
  });
  return fate;
}

// What stands in the way of another try at an ended run, and which run that is; accepted = nothing.
ReplyCode retry_refusal(const Tables& tables, const Run& run, bool forced, Reply& reply) {
  const std::uint32_t session = tables.sessions.find(run.session);
  if (session == 0 || !in_history(tables, session, run.message)) return ReplyCode::left_behind;
  const MessageFate fate = fate_of(tables, run.message);
  if (fate.open == 0 && (fate.answered == 0 || forced)) return ReplyCode::accepted;
  reply.run = tables.runs.id_of(fate.open != 0 ? fate.open : fate.answered);
  return fate.open != 0 ? ReplyCode::run_open : ReplyCode::run_answered;
}

bool counts_as_try(fb::InterruptReason reason) {
  return reason == fb::InterruptReason::agent_crash || reason == fb::InterruptReason::gateway_crash;
}

constexpr std::string_view kSendAgain = " Send it again if you want another try.";

std::string_view what_ended(fb::InterruptReason reason) {
  switch (reason) {
    case fb::InterruptReason::agent_crash:
      return "The agent crashed";
    case fb::InterruptReason::gateway_crash:
      return "The gateway crashed";
    case fb::InterruptReason::agent_restart:
      return "The agent was restarted";
    default:
      return "The gateway was stopped";
  }
}

// For the person whose message it was.
std::string failure_text(fb::RunOutcome outcome, fb::InterruptReason reason, std::size_t crashes,
                         std::string_view why) {
  std::string text{what_ended(reason)};
  if (outcome == fb::RunOutcome::quarantined && crashes > 1) {
    if (reason != fb::InterruptReason::agent_crash) text = "The gateway or the agent crashed";
    text += " " + std::to_string(crashes) + " times";
  }
  text += counts_as_try(reason) ? " while it worked on this message"
                                : " while this message was being answered";
  switch (outcome) {
    case fb::RunOutcome::quarantined:
      text += "; it is not tried again.";
      break;
    case fb::RunOutcome::left:
      text +=
          ". By its agent's onCrash setting it is left as it is, because some of the work may have"
          " been done.";
      break;
    case fb::RunOutcome::final:
      text += "; by its agent's onCrash setting it is not tried again.";
      break;
  }
  if (!why.empty()) text.append(" ").append(why);
  return text.append(kSendAgain);
}

// Whether the request was made before: then the reply tells of the run it led to.
bool is_repeated_retry(const Tables& tables, const Input& input, std::string_view key,
                       Reply& reply) {
  IdempotentRequest request{};
  const Bits128 print = idempotency_fingerprint(tables.meta.fingerprint_key, input.principal, key);
  if (!tables.idempotency.find(print, input.now.logical_ms, request)) return false;
  const std::uint32_t row = tables.runs.find(request.run);
  const bool open = row != 0 && tables.runs.open(row);
  reply.code = open ? ReplyCode::in_flight : ReplyCode::done;
  reply.seq = request.message;
  reply.run = request.run;
  if (row != 0) reply.session = tables.runs[row].session;
  return true;
}

// Whether the session, and the table, have room for one more run.
bool has_room_for_run(const Tables& tables, std::uint32_t session_row, Decision& decision) {
  const bool full = tables.runs.full();
  const bool waits = tables.sessions.hot(session_row).waiting_count >= limits::kRunsPerSessionMax;
  if (!full && !waits) return true;
  decision.refuse(ReplyCode::rejected,
                  full ? fb::RejectReason::table_full : fb::RejectReason::queue_full);
  return false;
}

// Starts the run that a decision has queued for the session, unless that is busy, or a delayed run
// is due: that goes first.
void start_queued(const Tables& tables, Drafter& drafter, Why why, RunId queued, Seq previous,
                  std::uint32_t session_row, std::uint64_t now_ms) {
  if (tables.sessions.hot(session_row).running != 0) return;
  const std::uint32_t due = next_due_run(tables, session_row, now_ms, {});
  if (due != 0) return drafter.start_run(due, now_ms, {});
  why.cause = queued.value;
  drafter.add_run_started(why, queued, previous);
}

}  // namespace

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

bool has_trusted_work(const Tables& tables, std::uint32_t session_row) {
  const SessionHot& session = tables.sessions.hot(session_row);
  const auto trusted = [&](std::uint32_t row) {
    return row != 0 && tables.runs[row].trust == fb::Trust::trusted;
  };
  if (trusted(session.running)) return true;
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    if (trusted(row)) return true;
  }
  return false;
}

Why why_of(const Run& run) {
  return Why{.cause = run.started.value,
             .correlation = run.correlation,
             .principal = run.principal.value,
             .session = run.session.value};
}

void decide_run_end(const Tables& tables, const Input& input, Decision& decision) {
  const bool finished = is_kind(input.kind, fb::EventBody::RunFinished);
  const RunId id{finished ? root_of<fb::RunFinished>(input.body).run()
                          : root_of<fb::RunFailed>(input.body).run()};
  Drafter drafter(tables, input, decision);
  const Run* run = drafter.add_run_input(id);
  if (run == nullptr) return;
  Why why = why_of(*run);
  why.cause = decision.reply.seq.value;
  // An answer also answers the messages steered into the run; without one they wait their turn.
  std::vector<std::uint64_t> merged;
  if (finished) merged = steered_runs(tables, *run);
  if (!merged.empty()) drafter.add_runs_merged(why, merged, id);
  drafter.add_withdrawals(why.cause, id.value);
  Dispatcher dispatcher(tables, input.now, drafter);
  if (finished) {
    dispatcher.request_answer(*run, Seq{why.cause}, root_of<fb::RunFinished>(input.body), why);
  } else {
    dispatcher.tell_failure(*run, text_of(root_of<fb::RunFailed>(input.body).message()), why);
  }
  const std::uint64_t now_ms = input.now.logical_ms;
  const std::uint32_t next = next_due_run(tables, run->session_row, now_ms, merged);
  if (next != 0) drafter.start_run(next, now_ms, merged);
}

void decide_abort(const Tables& tables, const Input& input, Decision& decision) {
  const auto* listed = root_of<fb::RunAborted>(input.body).runs();
  const fb::AbortReason reason = root_of<fb::RunAborted>(input.body).reason();
  Reply& reply = decision.reply;
  reply.session = input.session;
  const std::vector<std::uint64_t> runs = runs_to_abort(tables, input, listed);
  if (runs.empty()) {
    const bool lost = input.session && tables.sessions.find(input.session) == 0;
    return decision.refuse(lost ? ReplyCode::not_found : ReplyCode::nothing_to_do);
  }
  Drafter drafter(tables, input, decision);
  const std::vector<std::uint64_t> sessions = sessions_of(tables, runs);
  const std::uint64_t session = sessions.size() == 1 ? sessions.front() : 0;
  const Why why{.principal = input.principal.value, .session = session};
  // All runs of a session, too many for one event: the input is recorded as it came, all follow it.
  const bool names_runs = listed != nullptr && listed->size() != 0;
  const bool too_many = runs.size() > kRunsPerAbort;
  const std::size_t first = too_many && !names_runs ? 0 : std::min(runs.size(), kRunsPerAbort);
  const bool as_it_came = too_many ? !names_runs : same_list(listed, runs);
  const Seq seq = as_it_came
                      ? drafter.add_input(why)
                      : drafter.add_input(why, drafter.abort_body(runs.data(), first, reason));
  for (std::size_t i = 0; i < first; ++i)
    drafter.add_withdrawals(seq.value, runs[i]);
  Why rest = why;
  rest.cause = rest.correlation = seq.value;
  drafter.add_runs_aborted(rest, {runs.begin() + static_cast<std::ptrdiff_t>(first), runs.end()},
                           reason);
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

void decide_run_interrupted(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::RunInterrupted>(input.body);
  Drafter drafter(tables, input, decision);
  const Run* running = drafter.add_run_input(RunId{body.run()});
  if (running == nullptr) return;
  const Run& run = *running;
  const AgentRules& rules = tables.policy.rules_of(tables.runs.text(run.agent_id));
  Why why = why_of(run);
  why.cause = decision.reply.seq.value;
  // The process that asked has ended.
  drafter.add_withdrawals(why.cause, run.id.value);
  const bool counts = counts_as_try(body.reason());
  const std::size_t crashes = std::size_t{run.crashes} + (counts ? 1 : 0);
  // An orderly stop does not count as a try, but the attempt may have had effects: on_crash decides
  // all the same.
  if (rules.on_crash == fb::OnCrash::retry && (!counts || crashes < rules.attempts_max)) {
    const auto attempt =
        static_cast<std::uint16_t>(run.attempt == 0xffff ? run.attempt : run.attempt + 1);
    drafter.add(
        why, fb::CreateRunStarted(drafter.builder(), run.id.value, attempt, 0, run.started.value));
    return;
  }
  const fb::RunOutcome outcome = rules.on_crash == fb::OnCrash::retry ? fb::RunOutcome::quarantined
                                 : rules.on_crash == fb::OnCrash::leave ? fb::RunOutcome::left
                                                                        : fb::RunOutcome::final;
  // The message of a crash is shown; with other reasons it says nothing new.
  const bool tells = body.reason() == fb::InterruptReason::agent_crash;
  const std::string message = failure_text(outcome, body.reason(), crashes,
                                           tells ? text_of(body.message()) : std::string_view{});
  const auto kind = counts ? fb::RunErrorKind::crash : fb::RunErrorKind::unknown;
  BodyBuilder& builder = drafter.builder();
  const TextOffset text = builder.CreateString(message);
  const Seq failed =
      drafter.add(why, fb::CreateRunFailed(builder, run.id.value, kind, text, body.duration_ms(),
                                           outcome, run.attempt));
  Why told = why;
  told.cause = failed.value;
  Dispatcher(tables, input.now, drafter).tell_failure(run, message, told);
  const std::uint64_t now_ms = input.now.logical_ms;
  const std::uint32_t next = next_due_run(tables, run.session_row, now_ms, {});
  if (next != 0) drafter.start_run(next, now_ms, {});
}

void decide_run_steered(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::RunSteered>(input.body);
  Reply& reply = decision.reply;
  reply.run = RunId{body.run()};
  const std::uint32_t row = tables.runs.find(reply.run);
  if (!tables.runs.may_steer(row, tables.runs.find(RunId{body.into()}))) {
    return decision.refuse(ReplyCode::not_found);
  }
  const Run& run = tables.runs[row];
  if (run.steered.value == body.into()) return decision.refuse(ReplyCode::nothing_to_do);
  Why why = why_of(run);
  why.cause = run.id.value;  // it has not started: the RunQueued is the cause
  reply.session = run.session;
  reply.seq = Drafter(tables, input, decision).add_input(why);
}

void decide_run_retry(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::RunRetryRequested>(input.body);
  const std::string_view key = text_of(body.run_key());
  Reply& reply = decision.reply;
  if (key.empty() || !fit(limits::kIdempotencyKeyBytesMax, body.run_key())) {
    return decision.refuse(ReplyCode::rejected);
  }
  if (is_repeated_retry(tables, input, key, reply)) return;
  reply.run = input.run ? input.run : RunId{body.run()};
  const std::uint32_t row = tables.runs.find(reply.run);
  if (row == 0) return decision.refuse(ReplyCode::not_found);
  const Run& old = tables.runs[row];
  reply.session = old.session;
  const ReplyCode refusal = retry_refusal(tables, old, body.forced(), reply);
  if (refusal != ReplyCode::accepted) return decision.refuse(refusal);
  const std::string_view agent = tables.runs.text(old.agent_id);
  if (!tables.policy.agent_known(agent)) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::unknown_agent);
  }
  const std::uint32_t session_row = tables.sessions.find(old.session);
  if (old.channel && !Dispatcher::has_room(tables)) {
    return decision.refuse(ReplyCode::rejected, fb::RejectReason::table_full);
  }
  if (!has_room_for_run(tables, session_row, decision)) return;
  Drafter drafter(tables, input, decision);
  // It continues the work on the message: the end of the old run is its cause.
  const Why asked{.cause = old.ended.value,
                  .correlation = old.correlation,
                  .principal = input.principal.value,
                  .session = old.session.value};
  BodyBuilder& builder = drafter.builder();
  if (body.run() == old.id.value) {
    reply.seq = drafter.add_input(asked);
  } else {
    const TextOffset named = builder.CreateString(key);
    reply.seq = drafter.add_input(
        asked, fb::CreateRunRetryRequested(builder, old.id.value, named, body.forced()));
  }
  // The run is its sender's, as the old one was.
  Why why = why_of(old);
  why.cause = reply.seq.value;
  drafter.builder();
  const TextOffset named = builder.CreateString(key);
  const TextOffset agent_id = builder.CreateString(agent);
  reply.run = RunId{drafter
                        .add(why, fb::CreateRunQueued(builder, named, agent_id, old.message.value,
                                                      0, old.trust, fb::QueueMode::followup,
                                                      old.id.value, old.channel.value, old.lane))
                        .value};
  start_queued(tables, drafter, why, reply.run, Runs::retried_start(old), session_row,
               input.now.logical_ms);
}

void decide_tool_called(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ToolCalled>(input.body);
  const bool fits = fit(limits::kNameBytesMax, body.call_id(), body.name()) &&
                    fit(limits::kAgentMessageBytesMax, body.title()) &&
                    fit(limits::kToolInlineBytesMax, body.arguments());
  Drafter(tables, input, decision).add_run_input(RunId{body.run()}, fits);
}

void decide_tool_returned(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ToolReturned>(input.body);
  const bool fits = fit(limits::kNameBytesMax, body.call_id(), body.name()) &&
                    fit(limits::kToolInlineBytesMax, body.result());
  Drafter(tables, input, decision).add_run_input(RunId{body.run()}, fits);
}

void decide_body_recorded(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::BodyRecorded>(input.body);
  Drafter(tables, input, decision)
      .add_run_input(RunId{body.run()}, fit(limits::kToolBodyBytesMax, body.text()));
}

void decide_agent_session(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::AgentSessionBound>(input.body);
  const bool fits = fit(limits::kAgentSessionBytesMax, body.ref());
  const std::uint32_t row = tables.runs.find_running(RunId{body.run()});
  if (fits && row != 0) {
    const Run& run = tables.runs[row];
    const Sessions& sessions = tables.sessions;
    if (sessions.text(sessions.cold(run.session_row).agent_session) == text_of(body.ref())) {
      decision.reply.run = run.id;
      decision.reply.session = run.session;
      return decision.refuse(ReplyCode::nothing_to_do);
    }
  }
  Drafter(tables, input, decision).add_run_input(RunId{body.run()}, fits);
}

// The partial answer of a run that fails comes while it is still running; that of a stopped run
// comes after its end. Sent once per attempt by the agents' adapter: the state cannot tell a
// duplicate.
void decide_partial_answer(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::PartialAnswerRecorded>(input.body);
  Reply& reply = decision.reply;
  reply.run = RunId{body.run()};
  const std::uint32_t row = tables.runs.find(reply.run);
  if (row == 0 || !tables.runs[row].started || body.attempt() != tables.runs[row].attempt ||
      (tables.runs[row].status != RunStatus::running &&
       tables.runs[row].status != RunStatus::aborted)) {
    return decision.refuse(ReplyCode::not_found);
  }
  if (text_of(body.text()).empty() || !fit(limits::kTextBytesMax, body.text())) {
    return decision.refuse(ReplyCode::rejected);
  }
  const Run& run = tables.runs[row];
  reply.session = run.session;
  Why why = why_of(run);
  // Of a run that was stopped, its end is the cause: there will be no more text.
  if (run.ended) why.cause = run.ended.value;
  reply.seq = Drafter(tables, input, decision).add_input(why);
}

}  // namespace spine::core
