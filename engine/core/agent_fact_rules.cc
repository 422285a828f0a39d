// Agent rules: what agents do and are is recorded within bounds; requests about them are passed on.
#include "engine/core/drafter.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

template <class... Texts>
bool fit(std::size_t bytes_max, const Texts*... texts) {
  return ((text_of(texts).size() <= bytes_max) && ...);
}

// A fact of a run that is being worked on; row, 0 = there is no such run. Within bounds it is
// recorded.
void decide_run_fact(RunId id, bool within_bounds, const Tables& tables, const Input& input,
                     Decision& decision) {
  Reply& reply = decision.reply;
  reply.run = id;
  const std::uint32_t row = tables.runs.find_running(id);
  if (row == 0) {
    reply.code = ReplyCode::not_found;
    return;
  }
  if (!within_bounds) {
    reply.code = ReplyCode::rejected;
    return;
  }
  reply.session = tables.runs[row].session;
  reply.seq = Drafter(tables, input, decision).add_input(why_of(tables.runs[row]));
}

}  // namespace

void decide_tool_called(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ToolCalled>(input.body);
  const bool fits = fit(limits::kNameBytesMax, body.call_id(), body.name()) &&
                    fit(limits::kAgentMessageBytesMax, body.title()) &&
                    fit(limits::kToolInlineBytesMax, body.arguments());
  decide_run_fact(RunId{body.run()}, fits, tables, input, decision);
}

void decide_tool_returned(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::ToolReturned>(input.body);
  const bool fits = fit(limits::kNameBytesMax, body.call_id(), body.name()) &&
                    fit(limits::kToolInlineBytesMax, body.result());
  decide_run_fact(RunId{body.run()}, fits, tables, input, decision);
}

void decide_body_recorded(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::BodyRecorded>(input.body);
  decide_run_fact(RunId{body.run()}, fit(limits::kToolBodyBytesMax, body.text()), tables, input,
                  decision);
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
      decision.reply.code = ReplyCode::nothing_to_do;
      return;
    }
  }
  decide_run_fact(RunId{body.run()}, fits, tables, input, decision);
}

// A run that fails is still running when its agent says how far it had come. One that was stopped
// is not: the agent hears of it afterwards. Whoever ends runs says this once per attempt; there is
// no state to tell a repetition by.
void decide_partial_answer(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::PartialAnswerRecorded>(input.body);
  Reply& reply = decision.reply;
  reply.run = RunId{body.run()};
  const std::uint32_t row = tables.runs.find(reply.run);
  if (row == 0 || !tables.runs[row].started || body.attempt() != tables.runs[row].attempt ||
      (tables.runs[row].status != RunStatus::running &&
       tables.runs[row].status != RunStatus::aborted)) {
    reply.code = ReplyCode::not_found;
    return;
  }
  if (text_of(body.text()).empty() || !fit(limits::kTextBytesMax, body.text())) {
    reply.code = ReplyCode::rejected;
    return;
  }
  const Run& run = tables.runs[row];
  reply.session = run.session;
  Why why = why_of(run);
  // Of one that was stopped that is why there is no more of it.
  if (run.ended) why.cause = run.ended.value;
  reply.seq = Drafter(tables, input, decision).add_input(why);
}

void decide_agent_started(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::AgentStarted>(input.body);
  const bool fits =
      fit(limits::kNameBytesMax, body.agent_id(), body.driver(), body.version(), body.sandbox());
  decide_within(fits, tables, input, decision);
}

void decide_agent_exited(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::AgentExited>(input.body);
  const bool fits = fit(limits::kNameBytesMax, body.agent_id()) &&
                    fit(limits::kAgentMessageBytesMax, body.message());
  decide_within(fits, tables, input, decision);
}

void decide_agent_quarantined(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = root_of<fb::AgentQuarantined>(input.body);
  const std::string_view agent = text_of(body.agent_id());
  const bool fits = !agent.empty() && fit(limits::kNameBytesMax, body.agent_id()) &&
                    fit(limits::kAgentMessageBytesMax, body.message());
  if (fits && tables.quarantine.has(agent)) {
    decision.reply.code = ReplyCode::nothing_to_do;
    return;
  }
  decide_within(fits, tables, input, decision);
}

void decide_skills_changed(const Tables& tables, const Input& input, Decision& decision) {
  const auto* changes = root_of<fb::SkillsChanged>(input.body).changes();
  bool fits = changes == nullptr || changes->size() <= limits::kSkillChangesMax;
  for (flatbuffers::uoffset_t i = 0; fits && changes != nullptr && i < changes->size(); ++i) {
    const fb::SkillChange* change = changes->Get(i);
    fits = fit(limits::kNameBytesMax, change->name(), change->agent_id(), change->what());
  }
  decide_within(fits, tables, input, decision);
}

namespace {

// A request about an agent that is known, or is in quarantine and may leave it.
bool decide_agent_request(const flatbuffers::String* agent_id, bool resets, const Tables& tables,
                          const Input& input, Decision& decision) {
  const std::string_view agent = text_of(agent_id);
  const bool known = (agent != kNoAgent && tables.policy.agent_known(agent)) ||
                     (resets && tables.quarantine.has(agent));
  if (agent.size() > limits::kNameBytesMax || !known) {
    decision.reply.code = ReplyCode::not_found;
    return false;
  }
  decide_within(true, tables, input, decision);
  return true;
}

}  // namespace

// Recorded and passed on though the agent is not in quarantine: it may wait out a back-off, which
// ends with it.
void decide_agent_reset(const Tables& tables, const Input& input, Decision& decision) {
  const auto* agent = root_of<fb::AgentReset>(input.body).agent_id();
  if (decide_agent_request(agent, true, tables, input, decision) &&
      !tables.quarantine.has(text_of(agent))) {
    decision.reply.code = ReplyCode::nothing_to_do;
  }
}

void decide_agent_restart(const Tables& tables, const Input& input, Decision& decision) {
  decide_agent_request(root_of<fb::AgentRestartRequested>(input.body).agent_id(), false, tables,
                       input, decision);
}

}  // namespace spine::core
