// prefetch: what decide() and evolve() will look up soon is asked of the memory now.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/core/state.h"
#include "schemas/vocab/bytes.h"

namespace spine::core {

// How many inputs or events ahead of their turn this pays most.
inline constexpr std::size_t kPrefetchAhead = 8;

// Changes nothing. `kind` is an EventBody number, `body` a valid FlatBuffers table of that kind.
// Worth it where several inputs or events are at hand: a lookup among a million fingerprints waits
// for memory longer than everything else about a message takes.
void prefetch(const State& state, std::uint16_t kind, ByteSpan body);

}  // namespace spine::core
