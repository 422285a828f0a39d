// evolve: folds events into the state. Total: refuses no event. What an event means never changes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/core/model/state.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// REQUIRES: event.seq == next(state.applied()), body verified for its kind.
// Events that name rows which are not there change nothing but applied() and the clocks.
void evolve(State& state, const EventView& event);

// How many inputs or events ahead of their turn prefetch() pays most.
inline constexpr std::size_t kPrefetchAhead = 8;

// Prefetches the memory that decide() and evolve() will look up soon; changes nothing. `kind` is an
// EventBody number, `body` a valid FlatBuffers table of that kind. Worth it where several inputs or
// events are at hand: the cache miss of a lookup among a million fingerprints takes longer than all
// else about a message.
void prefetch(const State& state, std::uint16_t kind, ByteSpan body);

// Calls fold(event) for the events `first` to count-1, in order; event_at(i) gives them. `state` is
// the one that fold() evolves. Every event is known to be readable before fold() sees it. Returns
// the index of the first that is not (those before it were folded), or `count`.
template <class EventAt, class Fold>
std::uint32_t fold_events(const State& state, std::uint32_t first, std::uint32_t count,
                          EventAt event_at, Fold fold) {
  std::uint32_t end = count;
  std::uint32_t checked = first;
  for (std::uint32_t i = first; i < end; ++i) {
    for (; checked < end && checked <= i + kPrefetchAhead; ++checked) {
      const EventView ahead = event_at(checked);
      if (event_is_readable(ahead)) {
        prefetch(state, ahead.header.kind, ahead.body);
      } else {
        end = checked;
      }
    }
    if (i < end) fold(event_at(i));
  }
  return end;
}

}  // namespace spine::core
