// The agents section, and the bindings that choose among agents.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

constexpr std::string_view kEchoModel = "spine/echo";
constexpr std::string_view kNoAgent = "none";  // in a binding: start no run

// Letters, digits, - and _, at most 64: ids become part of session keys.
bool is_agent_id(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  return std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// agents.*.model is a string or { primary }.
std::optional<std::string> model_of(const Reading& reading, NodeId agent) {
  const NodeId model = reading.below(agent, "model");
  if (model == 0) return std::nullopt;
  if (reading.document.kind(model) == Kind::string) return reading.text(model);
  return reading.text(reading.below(model, "primary"));
}

// agents.*.spine.delayMs, within what the schema accepts.
std::optional<std::uint32_t> delay_of(const Reading& reading, NodeId agent) {
  const auto ms = reading.integer(reading.below(agent, "spine.delayMs"));
  if (!ms) return std::nullopt;
  return static_cast<std::uint32_t>(*ms);
}

// An entry and the id it has by its key or its `id`.
struct AgentEntry {
  NodeId node{};
  std::string id{};
};

std::vector<AgentEntry> entries_of(const Reading& reading) {
  std::vector<AgentEntry> out;
  for (const std::string_view path : {"agents.entries", "agents.list"}) {
    const NodeId container = reading.at(path);
    if (container == 0) continue;
    const bool keyed = reading.document.kind(container) == Kind::object;
    for (const NodeId node : reading.document.children(container)) {
      const auto id = reading.text(reading.below(node, "id"));
      if (keyed) {
        out.push_back({node, lower_case(reading.document.key(node))});
        if (id && lower_case(*id) != out.back().id) {
          reading.error(node, fmt::format("the agent under the key {} has the id {}; keep one.",
                                          printable(out.back().id), printable(*id)));
        }
      } else if (id) {
        out.push_back({node, lower_case(*id)});
      } else {
        reading.error(node, "this agent has no id; add one.");
      }
    }
  }
  return out;
}

AgentConfig read_agent(const Reading& reading, const AgentEntry& entry,
                       const AgentConfig& defaults) {
  const auto get = [&](std::string_view path) {
    return reading.text(reading.below(entry.node, path));
  };
  AgentConfig agent = defaults;
  agent.id = entry.id;
  agent.name =
      get("name").value_or(get("identity.name").value_or(entry.id == "main" ? "Main" : entry.id));
  agent.emoji = get("identity.emoji").value_or("");
  const NodeId workspace = reading.below(entry.node, "workspace");
  if (workspace != 0) agent.workspace = reading.path(workspace).string();
  agent.model_primary = model_of(reading, entry.node).value_or(defaults.model_primary);
  agent.echo_delay_ms = delay_of(reading, entry.node).value_or(defaults.echo_delay_ms);
  read_agent_process(reading, entry.node, agent);
  read_tool_policy(reading, entry.node, agent);
  check_agent_process(reading, entry.node, agent);
  return agent;
}

bool check_entry(const Reading& reading, const AgentEntry& entry) {
  const Config& config = reading.config;
  if (!is_agent_id(entry.id)) {
    reading.error(entry.node, fmt::format("\"{}\" cannot be an agent's id; use 1 to 64 letters, "
                                          "digits, - or _.",
                                          printable(entry.id)));
    return false;
  }
  if (entry.id == kNoAgent) {
    reading.error(entry.node, "\"none\" cannot be an agent's id: in bindings it means no agent.");
    return false;
  }
  if (std::ranges::find(config.agents, entry.id, &AgentConfig::id) != config.agents.end()) {
    reading.error(entry.node,
                  fmt::format("there are two agents with the id {}; keep one.", entry.id));
    return false;
  }
  if (config.agents.size() == limits::kAgentsMax) {
    reading.error(entry.node, fmt::format("more than {} agents.", limits::kAgentsMax));
    return false;
  }
  return true;
}

fb::ConversationKind peer_kind_of(std::string_view name) {
  if (name == "group") return fb::ConversationKind::group;
  if (name == "channel") return fb::ConversationKind::channel;
  return fb::ConversationKind::direct;
}

bool is_known_agent(const Config& config, std::string_view id) {
  return id == kNoAgent ||
         std::ranges::find(config.agents, id, &AgentConfig::id) != config.agents.end();
}

// A condition this version cannot check must not be dropped: the binding would apply to more than
// was meant.
bool has_unknown_condition(const Reading& reading, NodeId match) {
  for (const std::string_view key : {"guildId", "teamId", "roles"}) {
    const NodeId condition = reading.below(match, key);
    if (condition == 0) continue;
    reading.warn(condition, fmt::format("this version does not understand match.{}; the whole "
                                        "binding is left out.",
                                        key));
    return true;
  }
  return false;
}

bool read_peer(const Reading& reading, NodeId match, BindingConfig& binding) {
  const NodeId peer = reading.below(match, "peer");
  if (peer == 0) return true;
  const NodeId kind = reading.below(peer, "kind");
  const NodeId id = reading.below(peer, "id");
  const Kind id_kind = id == 0 ? Kind::null : reading.document.kind(id);
  if (kind == 0 || (id_kind != Kind::string && id_kind != Kind::number)) {
    reading.error(peer, "match.peer needs kind (direct, group or channel) and id (\"*\" = any).");
    return false;
  }
  binding.has_peer = true;
  binding.peer_kind = peer_kind_of(*reading.text(kind));
  const auto number = id_kind == Kind::number ? reading.integer(id) : std::nullopt;
  binding.peer_id = number ? fmt::format("{}", *number) : *reading.text(id);
  return true;
}

void read_binding(Reading& reading, NodeId node) {
  BindingConfig binding;
  const NodeId agent = reading.below(node, "agentId");
  const NodeId match = reading.below(node, "match");
  const auto channel = reading.text(reading.below(match, "channel"));
  if (agent == 0 || !channel) {
    reading.error(node, "a binding needs agentId and match.channel.");
    return;
  }
  binding.agent_id = lower_case(*reading.text(agent));
  if (!is_known_agent(reading.config, binding.agent_id)) {
    reading.error(agent, fmt::format("there is no agent {}; add it under agents, or bind to an "
                                     "agent there is, or to \"none\".",
                                     printable(binding.agent_id)));
    return;
  }
  if (has_unknown_condition(reading, match)) return;
  binding.channel = lower_case(*channel);
  binding.account = reading.text(reading.below(match, "accountId")).value_or("");
  if (binding.account == "*") binding.account.clear();
  if (!read_peer(reading, match, binding)) return;
  if (reading.config.bindings.size() == limits::kBindingsMax) {
    reading.error(node, fmt::format("more than {} bindings.", limits::kBindingsMax));
    return;
  }
  reading.config.bindings.push_back(std::move(binding));
}

}  // namespace

void read_agents(Reading& reading) {
  Config& config = reading.config;
  const NodeId given = reading.at("agents.defaults");
  AgentConfig defaults;
  defaults.model_primary = model_of(reading, given).value_or(std::string{kEchoModel});
  defaults.echo_delay_ms = delay_of(reading, given).value_or(0);
  if (const NodeId workspace = reading.below(given, "workspace"); workspace != 0) {
    defaults.workspace = reading.path(workspace).string();
  }
  if (given != 0) read_agent_process(reading, given, defaults);
  NodeId chosen = 0;
  for (const AgentEntry& entry : entries_of(reading)) {
    if (!check_entry(reading, entry)) continue;
    config.agents.push_back(read_agent(reading, entry, defaults));
    const NodeId marked = reading.below(entry.node, "default");
    if (!reading.flag(marked).value_or(false)) continue;
    if (chosen != 0) {
      reading.warn(marked, fmt::format("a second default agent; {} ({}) stays the default.",
                                       config.default_agent, reading.where(chosen)));
      continue;
    }
    chosen = marked;
    config.default_agent = entry.id;
  }
  if (config.agents.empty()) {
    defaults.id = "main";
    defaults.name = "Main";
    read_tool_policy(reading, 0, defaults);
    check_agent_process(reading, given, defaults);
    config.agents.push_back(defaults);
  }
  if (chosen == 0) config.default_agent = config.agents.front().id;
}

void read_bindings(Reading& reading) {
  const NodeId bindings = reading.at("bindings");
  if (bindings == 0) return;
  for (const NodeId node : reading.document.children(bindings))
    read_binding(reading, node);
}

}  // namespace spine::config
