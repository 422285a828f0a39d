// Session keys: which conversation a message belongs to.
#pragma once

#include <string_view>

#include "engine/core/key_buffer.h"
#include "engine/core/policy.h"
#include "engine/core/words.h"

namespace spine::core {

// Of a key only agent:<id>:<channel> is in lower case (ASCII): the rest may hold ids, which are
// opaque bytes; of messages recorded before ids were exact the whole key is. Keys fit
// limits::kKeyBytesMax (KeyBuffer::fit under the journal's key, which is `secret`).

// agent:<agent>:<main key>.
void main_session_key(std::string_view agent, std::string_view main_key, KeyBuffer& key);
// Of a message that came over a channel; by dm_scope and group_scope, with its thread.
void channel_session_key(const Policy& policy, std::string_view agent, const Origin& origin,
                         std::string_view thread, Bits128 secret, KeyBuffer& key);
// Of a message that names its session. "" and "main" mean the main session of `agent`; a key that
// looks like agent:<id>:... is itself; anything else is agent:<agent>:<name>.
void named_session_key(const Policy& policy, std::string_view agent, std::string_view name,
                       Bits128 secret, IdCase ids, KeyBuffer& key);

// Whether a typed key says agent:, and no agent's id and rest behind it: it is nobody's name, and
// as a part of another key it would only be found by those who mistype it alike.
bool is_malformed_key(std::string_view typed);

// Which session a key stands for that somebody typed: the one of that very name, and only where
// there is none the one without the blanks at its ends. `exists(key)` says whether there is one.
// False: none can be meant. Everything that takes a key from outside asks this, or what one method
// opens another would not find.
template <class Exists>
bool typed_session_key(const Policy& policy, std::string_view agent, std::string_view typed,
                       Bits128 secret, Exists exists, KeyBuffer& key) {
  const std::string_view inner = trimmed(typed);
  const bool bare = inner.size() == typed.size();
  if (!is_malformed_key(typed)) {
    named_session_key(policy, agent, typed, secret, IdCase::exact, key);
    if (bare || exists(key.view())) return true;
  }
  if (bare || inner.empty() || is_malformed_key(inner)) return false;
  named_session_key(policy, agent, inner, secret, IdCase::exact, key);
  return true;
}

// The agent that a typed key names; empty = it is for the default one. False for a malformed key.
bool agent_of_typed_key(std::string_view typed, KeyBuffer& agent);
// The <id> of agent:<id>:...; empty for other keys.
std::string_view agent_of_key(std::string_view key);
// Whether the key is the main session of its agent.
bool is_main_key(const Policy& policy, std::string_view key);
// Whether the key is that of a thread (or topic) within a conversation.
bool is_thread_key(std::string_view key);

}  // namespace spine::core
