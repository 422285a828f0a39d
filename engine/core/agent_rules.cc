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

const std::string* matching_entry(const std::vector<std::string>& list, std::string_view tool) {
  const auto matches = [tool](const std::string& entry) {
    if (!entry.ends_with('*')) return same_but_case(entry, tool);
    const std::string_view start = std::string_view{entry}.substr(0, entry.size() - 1);
    return tool.size() >= start.size() && same_but_case(start, tool.substr(0, start.size()));
  };
  const auto at = std::find_if(list.begin(), list.end(), matches);
  return at == list.end() ? nullptr : &*at;
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
