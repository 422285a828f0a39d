// bindings: which agent is asked, by channel, account and conversation.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr Accepts kPeerKinds = one_of({{"direct", fb::ConversationKind::direct},
                                       {"dm", fb::ConversationKind::direct},
                                       {"group", fb::ConversationKind::group},
                                       {"channel", fb::ConversationKind::channel}});
constexpr std::string_view kNoAgent = "none";  // start no run

constexpr std::array kBindings{
    Setting{"bindings", list, not_kept, live, remotely,
            "which agent is asked; the first that fits"},
    Setting{"bindings.[].agentId", text, not_kept, live, remotely, "an agent, or \"none\""},
    Setting{"bindings.[].type|comment", text, not_kept, live, remotely},
    unused("bindings.[].session", any, remotely),
    Setting{"bindings.[].match", object, not_kept, live, remotely, "of which messages",
            Flag::strict},
    Setting{"bindings.[].match.channel", text, not_kept, live, remotely, "from that channel"},
    Setting{"bindings.[].match.accountId", text, not_kept, live, remotely,
            "to that account of it; \"*\" = any"},
    Setting{"bindings.[].match.peer", object, not_kept, live, remotely},
    Setting{"bindings.[].match.peer.kind", kPeerKinds, not_kept, live, remotely,
            "in a conversation of that kind"},
    Setting{"bindings.[].match.peer.id", any, not_kept, live, remotely,
            "in that conversation; \"*\" = any"},
    Setting{"bindings.[].match.guildId|teamId|roles", any, not_kept, live, remotely},
};

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
    reading.warn(condition,
                 "this version does not understand match.{}; the whole "
                 "binding is left out.",
                 key);
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
  binding.peer_kind =
      static_cast<fb::ConversationKind>(std::get<std::int64_t>(reading.value(kind, kPeerKinds)));
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
    reading.error(agent,
                  "there is no agent {}; add it under agents, or bind to an "
                  "agent there is, or to \"none\".",
                  printable(binding.agent_id));
    return;
  }
  if (has_unknown_condition(reading, match)) return;
  binding.channel = lower_case(*channel);
  binding.account = reading.text(reading.below(match, "accountId")).value_or("");
  if (binding.account == "*") binding.account.clear();
  if (!read_peer(reading, match, binding)) return;
  if (reading.config.bindings.size() == limits::kBindingsMax) {
    reading.error(node, "more than {} bindings.", limits::kBindingsMax);
    return;
  }
  reading.config.bindings.push_back(std::move(binding));
}

}  // namespace

constinit const SettingTable kBindingTable{kAtRoot, kBindings};
void read_bindings(Reading& reading) {
  const NodeId bindings = reading.at("bindings");
  if (bindings == 0) return;
  for (const NodeId node : reading.document.children(bindings))
    read_binding(reading, node);
}

}  // namespace spine::config
