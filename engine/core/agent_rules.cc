// AgentRules: reading AgentPolicy, matching names of tools.
#include "engine/core/agent_rules.h"

#include <algorithm>

#include "engine/core/key_buffer.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

std::string lowered_text(const flatbuffers::String* text) {
  std::string copy(text_of(text));
  std::transform(copy.begin(), copy.end(), copy.begin(), lower);
  return copy;
}

std::vector<std::string> lowered_list(
    const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* texts) {
  std::vector<std::string> list;
  if (texts == nullptr) return list;
  for (const flatbuffers::String* text : *texts)
    list.push_back(lowered_text(text));
  return list;
}

}  // namespace

ToolMatch match_tool(const std::vector<std::string>& list, std::string_view tool) {
  for (const std::string& entry : list) {
    const std::size_t marks = std::min(entry.find_first_not_of('!'), entry.size());
    std::string_view name = std::string_view{entry}.substr(marks);
    bool matches = same_but_case(name, tool);
    if (name.ends_with('*')) {
      name.remove_suffix(1);
      matches = tool.size() >= name.size() && same_but_case(name, tool.substr(0, name.size()));
    }
    if (matches) return {.entry = &entry, .marks = static_cast<std::uint8_t>(marks)};
  }
  return {};
}

std::vector<AgentRules> read_agent_rules(const fb::ConfigApplied& config) {
  std::vector<AgentRules> all;
  if (config.agent_policies() == nullptr) return all;
  for (const fb::AgentPolicy* policy : *config.agent_policies()) {
    all.push_back(AgentRules{.agent = lowered_text(policy->agent_id()),
                             .on_crash = policy->on_crash(),
                             .attempts_max = policy->attempts_max(),
                             .approval_ms = policy->approval_ms(),
                             .allow = lowered_list(policy->allow()),
                             .deny = lowered_list(policy->deny()),
                             .untrusted_allow = lowered_list(policy->untrusted_allow()),
                             .queue_mode = policy->queue_mode()});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const AgentRules& a, const AgentRules& b) { return a.agent < b.agent; });
  return all;
}

}  // namespace spine::core
