// fold: walks events towards evolve(), each checked and what it will look up asked for ahead.
#pragma once

#include <cstdint>

#include "engine/core/prefetch.h"
#include "engine/core/state.h"
#include "schemas/event_verify.h"
#include "schemas/vocab/record.h"

namespace spine::core {

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
