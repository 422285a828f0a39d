// Counterparts: one session or principal in two states that went apart, where its ids differ; and
// another policy for a state, for tools that ask what would have been.
#pragma once

#include "engine/core/model/state.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"

namespace spine::core {

// What `there` knows under the same key as `from` knows `id`; 0 = it knows none, or `from` does
// not.
SessionId counterpart(const State& from, SessionId id, const State& there);
PrincipalId counterpart(const State& from, PrincipalId id, const State& there);

// Puts the policy in force as a ConfigApplied would, without an event.
// REQUIRES: `body` verified as a ConfigApplied.
void put_policy(State& state, ByteSpan body);

}  // namespace spine::core
