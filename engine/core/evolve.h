// evolve: folds one event into the state. Total, never says no, never changes its meaning.
#pragma once

#include "engine/core/state.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// REQUIRES: event.seq == next(state.applied()), body verified for its kind.
// Events that name rows which are not there change nothing but applied() and the clocks.
void evolve(State& state, const EventView& event);

}  // namespace spine::core
