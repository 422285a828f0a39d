// Session keys of the OpenClaw protocol.
#include "engine/core/session_key.h"

namespace spine::core {
namespace {

constexpr std::string_view kAgentPrefix = "agent:";
constexpr std::string_view kMainAlias = "main";
constexpr std::string_view kThread = ":thread:";
constexpr std::string_view kTopic = ":topic:";
constexpr std::string_view kTelegram = "telegram";

// A peer's id may hold colons (Matrix) and stays readable; one that reads like somebody's thread
// would share that thread's session.
void add_peer(std::string_view peer, KeyBuffer& key) {
  if (is_thread_key(peer)) {
    key.add_escaped(peer);
  } else {
    key.add_lower(peer);
  }
}

// The part of the key that direct messages of one scope share.
void add_direct(fb::DmScope scope, const Origin& origin, KeyBuffer& key) {
  if (scope != fb::DmScope::per_peer) key.add_escaped(origin.channel).add(":");
  if (scope == fb::DmScope::per_account_channel_peer) key.add_escaped(origin.account).add(":");
  key.add("direct:");
  add_peer(origin.peer, key);
}

}  // namespace

void main_session_key(const Policy& policy, std::string_view agent, KeyBuffer& key) {
  key.clear();
  key.add(kAgentPrefix).add_lower(agent).add(":").add(policy.main_key);
}

void channel_session_key(const Policy& policy, std::string_view agent, const Origin& origin,
                         std::string_view thread, Bits128 secret, KeyBuffer& key) {
  const bool direct = origin.conversation == fb::ConversationKind::direct;
  const bool group = origin.conversation == fb::ConversationKind::group;
  if (direct ? policy.dm_scope == fb::DmScope::main : policy.group_scope_main) {
    main_session_key(policy, agent, key);
  } else {
    key.clear();
    key.add(kAgentPrefix).add_lower(agent).add(":");
    if (direct) {
      add_direct(policy.dm_scope, origin, key);
    } else {
      key.add_escaped(origin.channel).add(group ? ":group:" : ":channel:");
      add_peer(origin.peer, key);
    }
  }
  if (!thread.empty()) {
    key.add(same_but_case(origin.channel, kTelegram) ? kTopic : kThread).add_lower(thread);
  }
  key.fit(secret);
}

void named_session_key(const Policy& policy, std::string_view agent, std::string_view name,
                       Bits128 secret, KeyBuffer& key) {
  if (name.empty() || same_but_case(name, kMainAlias)) {
    main_session_key(policy, agent, key);
  } else {
    key.clear();
    key.add_lower(name);
    if (agent_of_key(key.view()).empty()) {
      key.clear();
      key.add(kAgentPrefix).add_lower(agent).add(":").add_lower(name);
    }
  }
  key.fit(secret);
}

std::string_view agent_of_key(std::string_view key) {
  if (!key.starts_with(kAgentPrefix)) return {};
  key.remove_prefix(kAgentPrefix.size());
  const std::size_t end = key.find(':');
  if (end == std::string_view::npos || end + 1 == key.size()) return {};
  return key.substr(0, end);
}

bool is_main_key(const Policy& policy, std::string_view key) {
  const std::string_view agent = agent_of_key(key);
  if (agent.empty()) return false;
  return key.substr(kAgentPrefix.size() + agent.size() + 1) == policy.main_key;
}

bool is_thread_key(std::string_view key) {
  return key.find(kThread) != std::string_view::npos || key.find(kTopic) != std::string_view::npos;
}

}  // namespace spine::core
