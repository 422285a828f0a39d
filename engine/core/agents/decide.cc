// Facts about agents and requests about them: checked against bounds, recorded, passed on.
#include "engine/core/agents/decide.h"

namespace spine::core {

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
    return decision.refuse(ReplyCode::nothing_to_do);
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

// A request about a configured agent; a reset also of one that is only in quarantine.
bool decide_agent_request(const flatbuffers::String* agent_id, bool resets, const Tables& tables,
                          const Input& input, Decision& decision) {
  const std::string_view agent = text_of(agent_id);
  const bool known = (agent != kNoAgent && tables.policy.agent_known(agent)) ||
                     (resets && tables.quarantine.has(agent));
  if (agent.size() > limits::kNameBytesMax || !known) {
    decision.refuse(ReplyCode::not_found);
    return false;
  }
  decide_within(true, tables, input, decision);
  return true;
}

}  // namespace

// Recorded and passed on even when the agent is not in quarantine: a reset also ends a back-off.
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
