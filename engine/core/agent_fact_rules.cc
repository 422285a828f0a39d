// Agent rules: what agents do and are is recorded within bounds; requests about them are passed on.
#include "engine/core/drafter.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

template <class Body>
const Body& input_body(const Input& input) {
  return *flatbuffers::GetRoot<Body>(input.body.data());
}

template <class... Texts>
bool fit(std::size_t bytes_max, const Texts*... texts) {
  return ((text_of(texts).size() <= bytes_max) && ...);
}

// The run that the fact is about; within_bounds says whether all of it may be kept.
RunId fact_run(const Input& input, bool& within_bounds) {
  switch (static_cast<fb::EventBody>(input.kind)) {
    case fb::EventBody::ToolCalled: {
      const auto& body = input_body<fb::ToolCalled>(input);
      within_bounds = fit(limits::kNameBytesMax, body.call_id(), body.name()) &&
                      fit(limits::kAgentMessageBytesMax, body.title()) &&
                      fit(limits::kToolInlineBytesMax, body.arguments());
      return RunId{body.run()};
    }
    case fb::EventBody::ToolReturned: {
      const auto& body = input_body<fb::ToolReturned>(input);
      within_bounds = fit(limits::kNameBytesMax, body.call_id(), body.name()) &&
                      fit(limits::kToolInlineBytesMax, body.result());
      return RunId{body.run()};
    }
    case fb::EventBody::BodyRecorded: {
      const auto& body = input_body<fb::BodyRecorded>(input);
      within_bounds = fit(limits::kToolBodyBytesMax, body.text());
      return RunId{body.run()};
    }
    default: {
      const auto& body = input_body<fb::AgentSessionBound>(input);
      within_bounds = fit(limits::kAgentSessionBytesMax, body.ref());
      return RunId{body.run()};
    }
  }
}

bool agent_fact_within_bounds(const Input& input) {
  switch (static_cast<fb::EventBody>(input.kind)) {
    case fb::EventBody::AgentStarted: {
      const auto& body = input_body<fb::AgentStarted>(input);
      return fit(limits::kNameBytesMax, body.agent_id(), body.driver(), body.version(),
                 body.sandbox());
    }
    case fb::EventBody::AgentExited: {
      const auto& body = input_body<fb::AgentExited>(input);
      return fit(limits::kNameBytesMax, body.agent_id()) &&
             fit(limits::kAgentMessageBytesMax, body.message());
    }
    case fb::EventBody::AgentQuarantined: {
      const auto& body = input_body<fb::AgentQuarantined>(input);
      return !text_of(body.agent_id()).empty() && fit(limits::kNameBytesMax, body.agent_id()) &&
             fit(limits::kAgentMessageBytesMax, body.message());
    }
    default: {
      const auto* changes = input_body<fb::SkillsChanged>(input).changes();
      if (changes == nullptr) return true;
      if (changes->size() > limits::kSkillChangesMax) return false;
      for (const fb::SkillChange* change : *changes) {
        if (!fit(limits::kNameBytesMax, change->name(), change->agent_id(), change->what())) {
          return false;
        }
      }
      return true;
    }
  }
}

}  // namespace

void decide_run_fact(const Tables& tables, const Input& input, Decision& decision) {
  Reply& reply = decision.reply;
  bool within_bounds = false;
  reply.run = fact_run(input, within_bounds);
  const std::uint32_t row = tables.runs.find_running(reply.run);
  if (row == 0) {
    reply.code = ReplyCode::not_found;
    return;
  }
  if (!within_bounds) {
    reply.code = ReplyCode::rejected;
    return;
  }
  const Run& run = tables.runs[row];
  reply.session = run.session;
  if (input.kind == static_cast<std::uint16_t>(fb::EventBody::AgentSessionBound)) {
    const Sessions& sessions = tables.sessions;
    const std::string_view before = sessions.text(sessions.cold(run.session_row).agent_session);
    if (before == text_of(input_body<fb::AgentSessionBound>(input).ref())) {
      reply.code = ReplyCode::nothing_to_do;
      return;
    }
  }
  reply.seq = Drafter(tables, input, decision).add_input(why_of(run));
}

// A run that fails is still running when its agent says how far it had come. One that was stopped
// is not: the agent hears of it afterwards. Whoever ends runs says this once per attempt; there is
// no state to tell a repetition by.
void decide_partial_answer(const Tables& tables, const Input& input, Decision& decision) {
  const auto& body = input_body<fb::PartialAnswerRecorded>(input);
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

void decide_agent_fact(const Tables& tables, const Input& input, Decision& decision) {
  Reply& reply = decision.reply;
  if (!agent_fact_within_bounds(input)) {
    reply.code = ReplyCode::rejected;
    return;
  }
  if (input.kind == static_cast<std::uint16_t>(fb::EventBody::AgentQuarantined) &&
      tables.quarantine.has(text_of(input_body<fb::AgentQuarantined>(input).agent_id()))) {
    reply.code = ReplyCode::nothing_to_do;
    return;
  }
  reply.seq = Drafter(tables, input, decision).add_input(Why{.principal = input.principal.value});
}

// A reset is recorded and passed on though the agent is not in quarantine: it may wait out a
// back-off, which ends with it.
void decide_agent_request(const Tables& tables, const Input& input, Decision& decision) {
  const bool resets = input.kind == static_cast<std::uint16_t>(fb::EventBody::AgentReset);
  const std::string_view agent =
      text_of(resets ? input_body<fb::AgentReset>(input).agent_id()
                     : input_body<fb::AgentRestartRequested>(input).agent_id());
  const bool quarantined = tables.quarantine.has(agent);
  const bool known = agent != kNoAgent && tables.policy.agent_known(agent);
  Reply& reply = decision.reply;
  if (agent.size() > limits::kNameBytesMax || (!known && !(resets && quarantined))) {
    reply.code = ReplyCode::not_found;
    return;
  }
  reply.seq = Drafter(tables, input, decision).add_input(Why{.principal = input.principal.value});
  if (resets && !quarantined) reply.code = ReplyCode::nothing_to_do;
}

}  // namespace spine::core
