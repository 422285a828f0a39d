// Kinds: what there is to know of each kind of event, one row a kind.
#pragma once

#include <cstdint>
#include <flatbuffers/flatbuffers.h>
#include <span>
#include <vector>

#include "engine/core/model/drafter.h"
#include "engine/core/model/effects.h"
#include "engine/core/model/folding.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::core {

// Who gets a push of an event once it is durable.
enum class Told : std::uint8_t {
  nobody,
  run_watchers,      // connections that get the events of runs
  session_watchers,  // connections that have subscribed to sessions or their messages
  delivery_waiters,  // requests that wait for the outcome of a delivery
  always,            // the net thread itself, which acts on it
};

using RunsOf = void(const EventView& event, std::vector<RunId>& out);

struct Kind {
  fb::EventBody kind{};
  Rule* decide{};        // as an input; null = it is none, others lead to it
  Fold* fold{};          // null = a fact for readers of the journal
  EffectsOf* effects{};  // the work outside that it asks for
  RunsOf* runs{};        // the runs it is about: one part is pushed for each
  Told told{};
  bool once{};    // pushed live only: not replayed to a client that resumes
  bool closes{};  // it ends something: it may use the reserved disk space

  // Whether it is replayed to a client that resumes.
  bool resumes() const { return told != Told::nobody && !once; }
};

// In order of their numbers.
std::span<const Kind> kinds();
// One without rules for a number that is no kind.
const Kind& kind_of(std::uint16_t number);

}  // namespace spine::core
