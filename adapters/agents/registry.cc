// AgentRegistry: makes drivers from configuration and hands prompts to them.
#include "adapters/agents/registry.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/log/log.h"

namespace spine::agents {
namespace {

constexpr log::Logger kLog{"agents"};

// Agent ids are compared as session keys hold them: ASCII in lower case.
std::string lower(std::string_view id) {
  std::string text(id);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

}  // namespace

AgentRegistry::AgentRegistry(event_base* base, pipeline::IngressProducer& producer,
                             pipeline::Shared& shared)
    : base_(base), shared_(shared), answers_(producer) {}

void AgentRegistry::apply(const std::vector<config::AgentConfig>& agents) {
  std::map<std::string, std::unique_ptr<EchoDriver>, std::less<>> kept;
  for (const config::AgentConfig& agent : agents) {
    if (!agent.model_primary.empty() && agent.model_primary != kEchoModel) {
      kLog.warn("agent {} asks for the model {}; this version answers with {}", agent.id,
                agent.model_primary, kEchoModel);
    }
    const std::string id = lower(agent.id);
    if (kept.contains(id)) continue;
    auto existing = drivers_.extract(id);
    std::unique_ptr<EchoDriver> driver;
    if (existing.empty()) {
      driver = std::make_unique<EchoDriver>(base_, answers_, agent.echo_delay_ms);
    } else {
      driver = std::move(existing.mapped());
      driver->set_delay(agent.echo_delay_ms);
    }
    kept[id] = std::move(driver);
  }
  for (const auto& [id, removed] : drivers_) {
    removed->fail_all("The agent was removed from the configuration.");
  }
  drivers_ = std::move(kept);
  const auto ready = std::count_if(drivers_.begin(), drivers_.end(), [](const auto& entry) {
    return entry.second->state() == DriverState::ready;
  });
  shared_.agents_ready.store(static_cast<std::uint32_t>(ready), std::memory_order_relaxed);
}

void AgentRegistry::prompt(const pipeline::PromptItem& prompt) {
  // A prompt whose text had to be fetched can be overtaken by the end of its run.
  if (std::find(cancelled_.begin(), cancelled_.end(), prompt.run) != cancelled_.end()) return;
  const auto found = drivers_.find(lower(prompt.agent_id));
  if (found == drivers_.end()) {
    answers_.failed(prompt.run, fb::RunErrorKind::unknown,
                    fmt::format("No agent \"{}\" is configured.", prompt.agent_id), 0);
    return;
  }
  found->second->prompt(prompt);
}

void AgentRegistry::cancel(RunId run) {
  cancelled_[cancels_++ % cancelled_.size()] = run;
  for (const auto& [id, driver] : drivers_)
    driver->cancel(run);
}

}  // namespace spine::agents
