// Session keys: which conversation a message belongs to.
#pragma once

#include <string_view>

#include "engine/core/base/key_buffer.h"
#include "engine/core/model/policy.h"
#include "engine/core/model/rows.h"

namespace spine::core {

struct Tables;

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

// Resolves a key that somebody typed: to the session of exactly that key, else to the one without
// the blanks at its ends. False: the key is malformed. Every method that takes a key from outside
// must use this, or one would not find what another opened. Follows the rule that held when the
// input was recorded: before ids were exact, keys were folded and never trimmed. No `agent`: the
// default one.
bool find_session_key(const Tables& tables, std::string_view agent, std::string_view typed,
                      IdCase ids, KeyBuffer& key);
// The agent that a typed key names; empty = it is for the default one. False for a malformed key.
bool agent_of_typed_key(std::string_view typed, KeyBuffer& agent);
// What the key of a session of the conversation is under its new id. False: it is none of it.
bool migrated_key(std::string_view key, const MigrationRow& migration, Bits128 secret,
                  KeyBuffer& out);
// The <id> of agent:<id>:...; empty for other keys.
std::string_view agent_of_key(std::string_view key);
// Whether the key is the main session of its agent.
bool is_main_key(const Policy& policy, std::string_view key);
// Whether the key is that of a thread (or topic) within a conversation.
bool is_thread_key(std::string_view key);

}  // namespace spine::core
