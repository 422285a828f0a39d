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

// What a list says of a tool: the first entry that is its name, or its beginning when the entry
// ends in "*". ASCII case does not count. An entry "!name" takes back what a later one says;
// "!!name", in `allow`, takes back what a person answered for always, too.
struct ToolMatch {
  const std::string* entry{};  // nullptr = nothing
  std::uint8_t marks{};        // "!" before its name

  bool holds() const { return entry != nullptr && marks == 0; }
};
ToolMatch match_tool(const std::vector<std::string>& list, std::string_view tool);

// In order of their agents; of two for one agent the first counts.
std::vector<AgentRules> read_agent_rules(const fb::ConfigApplied& config);

}  // namespace spine::core
