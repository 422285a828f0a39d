// Interrupt rules: what becomes of a run whose attempt was cut off, and of messages that an agent
// takes into a run it is working on.
#include <string>

#include "engine/core/drafter.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

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

}  // namespace

void decide_run_interrupted(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = *flatbuffers::GetRoot<fb::RunInterrupted>(input.body.data());
  Reply& reply = decision.reply;
  reply.run = RunId{body.run()};
  const std::uint32_t row = tables.runs.find_running(reply.run);
  if (row == 0) {
    reply.code = ReplyCode::not_found;
    return;
  }
  const Run& run = tables.runs[row];
  const AgentRules& rules = tables.policy.rules_of(tables.runs.text(run.agent_id));
  Drafter drafter(tables, input, decision);
  Why why = why_of(run);
  reply.session = run.session;
  reply.seq = drafter.add_input(why);
  why.cause = reply.seq.value;
  // Whoever asked is gone.
  drafter.add_withdrawals(why.cause, run.id.value);
  const bool counts = counts_as_try(body.reason());
  const std::size_t crashes = std::size_t{run.crashes} + (counts ? 1 : 0);
  // A stop is no try, but what was begun may have had effects: the policy has a say in it all the
  // same.
  if (rules.on_crash == fb::OnCrash::retry && (!counts || crashes < rules.attempts_max)) {
    drafter.add_run_retry(why, run);
    return;
  }
  const fb::RunOutcome outcome = rules.on_crash == fb::OnCrash::retry ? fb::RunOutcome::quarantined
                                 : rules.on_crash == fb::OnCrash::leave ? fb::RunOutcome::left
                                                                        : fb::RunOutcome::final;
  // What the agent's process said of its end; the others say nothing that is not said already.
  const bool tells = body.reason() == fb::InterruptReason::agent_crash;
  const std::string message = failure_text(outcome, body.reason(), crashes,
                                           tells ? text_of(body.message()) : std::string_view{});
  drafter.add_run_failed(
      why, RunFailure{.run = reply.run,
                      .kind = counts ? fb::RunErrorKind::crash : fb::RunErrorKind::unknown,
                      .message = message,
                      .outcome = outcome,
                      .attempts = run.attempt,
                      .duration_ms = body.duration_ms()});
  const std::uint64_t now_ms = input.now.logical_ms;
  const std::uint32_t next = next_due_run(tables, run.session_row, now_ms, {});
  if (next != 0) drafter.start_run(next, now_ms, {});
}

void decide_run_steered(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = *flatbuffers::GetRoot<fb::RunSteered>(input.body.data());
  Reply& reply = decision.reply;
  reply.run = RunId{body.run()};
  const std::uint32_t row = tables.runs.find(reply.run);
  const std::uint32_t into = tables.runs.find(RunId{body.into()});
  if (row == 0 || into == 0 || tables.runs[row].status != RunStatus::queued ||
      tables.runs[into].status != RunStatus::running ||
      tables.runs[row].session_row != tables.runs[into].session_row) {
    reply.code = ReplyCode::not_found;
    return;
  }
  const Run& run = tables.runs[row];
  if (run.steered.value == body.into()) {
    reply.code = ReplyCode::nothing_to_do;
    return;
  }
  Drafter drafter(tables, input, decision);
  Why why = why_of(run);
  why.cause = run.id.value;  // it has not started: that it was queued is why
  reply.session = run.session;
  reply.seq = drafter.add_input(why);
}

}  // namespace spine::core
