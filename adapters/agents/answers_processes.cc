// Answers: processes of agents that start and end.
#include "adapters/agents/answers.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {

void Answers::process_started(const ProcessStarted& started) {
  builder_.Clear();
  const auto agent = text(started.agent_id, limits::kNameBytesMax);
  const auto driver = text(started.driver, limits::kNameBytesMax);
  const auto version = text(started.version, limits::kNameBytesMax);
  const auto sandbox = text(started.sandbox, limits::kNameBytesMax);
  builder_.Finish(fb::CreateAgentStarted(builder_, agent, started.instance, started.pid, driver,
                                         version, sandbox, started.ready_ms));
  push(fb::EventBody::AgentStarted);
}

void Answers::process_exited(const ProcessExited& exited) {
  builder_.Clear();
  const auto agent = text(exited.agent_id, limits::kNameBytesMax);
  const auto message = text(exited.message, limits::kAgentMessageBytesMax);
  builder_.Finish(fb::CreateAgentExited(builder_, agent, exited.instance, exited.pid, exited.reason,
                                        exited.code, static_cast<std::uint8_t>(exited.signal),
                                        exited.uptime_ms, exited.restart_in_ms, message));
  push(fb::EventBody::AgentExited);
}

void Answers::quarantined(std::string_view agent_id, std::uint32_t crashes,
                          std::string_view message) {
  builder_.Clear();
  const auto agent = text(agent_id, limits::kNameBytesMax);
  const auto said = text(message, limits::kAgentMessageBytesMax);
  builder_.Finish(fb::CreateAgentQuarantined(builder_, agent, crashes, said));
  push(fb::EventBody::AgentQuarantined);
}

}  // namespace spine::agents
