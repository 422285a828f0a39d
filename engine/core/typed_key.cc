// Typed keys: the rule of session_key.h over the table of sessions.
#include "engine/core/typed_key.h"

#include "engine/core/session_key.h"

namespace spine::core {

bool find_session_key(const Tables& tables, std::string_view agent, std::string_view typed,
                      IdCase ids, KeyBuffer& key) {
  const Bits128 secret = tables.meta.fingerprint_key;
  if (agent.empty()) agent = tables.policy.default_agent;
  if (ids == IdCase::folded) {
    named_session_key(tables.policy, agent, typed, secret, ids, key);
    return true;
  }
  const auto exists = [&tables](std::string_view whole) {
    return tables.sessions.find_key(whole) != 0;
  };
  return typed_session_key(tables.policy, agent, typed, secret, exists, key);
}

}  // namespace spine::core
