// Session keys of the OpenClaw protocol.
#include "engine/core/sessions/session_key.h"

#include <algorithm>

#include "engine/core/model/tables.h"

namespace spine::core {
namespace {

constexpr std::string_view kAgentPrefix = "agent:";
constexpr std::string_view kMainAlias = "main";
constexpr std::string_view kThread = ":thread:";
constexpr std::string_view kTopic = ":topic:";
constexpr std::string_view kTelegram = "telegram";

bool has_agent_prefix(std::string_view key) {
  return same_but_case(key.substr(0, kAgentPrefix.size()), kAgentPrefix);
}

// The <id> of agent:<id>:<more>, as it is written; empty for other keys.
std::string_view agent_part(std::string_view key) {
  if (!has_agent_prefix(key)) return {};
  key.remove_prefix(kAgentPrefix.size());
  const std::size_t end = key.find(':');
  if (end == std::string_view::npos || end + 1 == key.size()) return {};
  return key.substr(0, end);
}

// Whether a typed key begins with "agent:" without an agent's id and a name behind it. Taken as a
// plain name it would open a session that nobody finds again.
bool is_malformed_key(std::string_view typed) {
  return has_agent_prefix(typed) && agent_part(typed).empty();
}

// How many bytes the first parts between colons take.
std::size_t end_of_parts(std::string_view key, std::size_t parts) {
  std::size_t end = key.find(':');
  while (--parts != 0 && end != std::string_view::npos)
    end = key.find(':', end + 1);
  return std::min(end, key.size());
}

// A peer's id may hold colons (Matrix) and stays readable; one that looks like the key of a thread
// is escaped, or it would share that thread's session.
void add_peer(const Origin& origin, KeyBuffer& key) {
  if (is_thread_key(origin.peer)) {
    key.add_id_escaped(origin.peer, origin.ids);
  } else {
    key.add_id(origin.peer, origin.ids);
  }
}

// The part of the key that direct messages of one scope share.
void add_direct(fb::DmScope scope, const Origin& origin, KeyBuffer& key) {
  if (scope != fb::DmScope::per_peer) key.add_escaped(origin.channel).add(":");
  if (scope == fb::DmScope::per_account_channel_peer) {
    key.add_id_escaped(origin.account, origin.ids).add(":");
  }
  key.add("direct:");
  add_peer(origin, key);
}

// The part of the key behind its agent, of a group or a channel.
void add_shared(const Origin& origin, KeyBuffer& key) {
  const bool group = origin.conversation == fb::ConversationKind::group;
  key.add_escaped(origin.channel).add(group ? ":group:" : ":channel:");
  add_peer(origin, key);
}

// The key that a session has since its conversation has another id, if `key` is of the one before.
void follow_migrations(const Tables& tables, KeyBuffer& key) {
  if (tables.migrations.count() == 0 || tables.sessions.find_key(key.view()) != 0) return;
  KeyBuffer moved;
  for (const MigrationRow& row : tables.migrations) {
    if (!migrated_key(key.view(), row, tables.meta.fingerprint_key, moved)) continue;
    if (tables.sessions.find_key(moved.view()) == 0) continue;
    key.clear();
    key.add(moved.view());
    return;
  }
}

}  // namespace

bool migrated_key(std::string_view key, const MigrationRow& migration, Bits128 secret,
                  KeyBuffer& out) {
  const std::string_view agent = agent_of_key(key);
  if (agent.empty()) return false;
  const std::string_view head = key.substr(0, kAgentPrefix.size() + agent.size() + 1);
  for (const auto kind : {fb::ConversationKind::group, fb::ConversationKind::channel}) {
    Origin origin{.channel = migration.channel,
                  .conversation = kind,
                  .peer = migration.from,
                  .ids = IdCase::exact};
    KeyBuffer before;
    add_shared(origin, before);
    const std::string_view rest = key.substr(head.size());
    if (!rest.starts_with(before.view())) continue;
    const std::string_view thread = rest.substr(before.view().size());
    if (!thread.empty() && !thread.starts_with(kThread) && !thread.starts_with(kTopic)) continue;
    origin.peer = migration.to;
    out.clear();
    out.add(head);
    add_shared(origin, out);
    out.add(thread).fit(secret);
    return true;
  }
  return false;
}

void main_session_key(std::string_view agent, std::string_view main_key, KeyBuffer& key) {
  key.clear();
  key.add(kAgentPrefix).add_lower(agent).add(":").add(main_key);
}

void channel_session_key(const Policy& policy, std::string_view agent, const Origin& origin,
                         std::string_view thread, Bits128 secret, KeyBuffer& key) {
  const bool direct = origin.conversation == fb::ConversationKind::direct;
  if (direct ? policy.dm_scope == fb::DmScope::main : policy.group_scope_main) {
    main_session_key(agent, policy.main_key, key);
  } else {
    key.clear();
    key.add(kAgentPrefix).add_lower(agent).add(":");
    if (direct) {
      add_direct(policy.dm_scope, origin, key);
    } else {
      add_shared(origin, key);
    }
  }
  if (!thread.empty()) {
    key.add(same_but_case(origin.channel, kTelegram) ? kTopic : kThread).add_id(thread, origin.ids);
  }
  key.fit(secret);
}

void named_session_key(const Policy& policy, std::string_view agent, std::string_view name,
                       Bits128 secret, IdCase ids, KeyBuffer& key) {
  if (name.empty() || same_but_case(name, kMainAlias)) {
    main_session_key(agent, policy.main_key, key);
  } else {
    const bool whole = !agent_part(name).empty();
    // The part of agent:<id>:<channel> that the name itself contains.
    const std::size_t names =
        ids == IdCase::exact ? end_of_parts(name, whole ? 3 : 1) : name.size();
    key.clear();
    if (!whole) key.add(kAgentPrefix).add_lower(agent).add(":");
    key.add_lower(name.substr(0, names)).add(name.substr(names));
  }
  key.fit(secret);
}

namespace {

bool find_typed_key(const Tables& tables, std::string_view agent, std::string_view typed,
                    IdCase ids, KeyBuffer& key) {
  const Bits128 secret = tables.meta.fingerprint_key;
  if (agent.empty()) agent = tables.policy.default_agent;
  const std::string_view inner = ids == IdCase::exact ? trimmed(typed) : typed;
  const bool bare = inner.size() == typed.size();
  if (ids == IdCase::folded || !is_malformed_key(typed)) {
    named_session_key(tables.policy, agent, typed, secret, ids, key);
    if (bare || tables.sessions.find_key(key.view()) != 0) return true;
  }
  if (bare || inner.empty() || is_malformed_key(inner)) return false;
  named_session_key(tables.policy, agent, inner, secret, ids, key);
  return true;
}

}  // namespace

bool find_session_key(const Tables& tables, std::string_view agent, std::string_view typed,
                      IdCase ids, KeyBuffer& key) {
  if (!find_typed_key(tables, agent, typed, ids, key)) return false;
  follow_migrations(tables, key);
  return true;
}

bool agent_of_typed_key(std::string_view typed, KeyBuffer& agent) {
  const std::string_view key = trimmed(typed);
  agent.clear();
  agent.add_lower(agent_part(key));
  return !is_malformed_key(key);
}

std::string_view agent_of_key(std::string_view key) {
  return key.starts_with(kAgentPrefix) ? agent_part(key) : std::string_view{};
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
