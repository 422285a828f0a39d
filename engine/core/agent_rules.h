// AgentRules: how the runs of one agent are dealt with, made ready for lookups.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event_generated.h"

namespace spine::core {

// The defaults are those of event_agents.fbs: what holds for agents that have no AgentPolicy.
struct AgentRules {
  std::string agent{};  // lower case
  fb::OnCrash on_crash{fb::OnCrash::retry};
  std::uint16_t attempts_max{3};
  std::uint64_t approval_ms{300'000};
  std::vector<std::string> allow{};  // lower case
  std::vector<std::string> deny{};
  std::vector<std::string> untrusted_allow{};
  fb::QueueMode queue_mode{fb::QueueMode::unset};
};

// The first entry that is the tool's name, or its beginning when the entry ends in "*"; nullptr =
// none. ASCII case does not count.
const std::string* matching_entry(const std::vector<std::string>& list, std::string_view tool);

// In order of their agents; of two for one agent the first counts.
std::vector<AgentRules> read_agent_rules(const fb::ConfigApplied& config);

}  // namespace spine::core
