// effects: the work outside the core that an event asks for.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/core/model/departures.h"
#include "engine/core/model/state.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::core {

enum class EffectKind : std::uint8_t {
  prompt_agent,  // obligation: give `message` of `session` to the run's agent
  cancel_agent,  // stop the run if it is being worked on; may be lost: its result is ignored
  steer_agent,   // give `message` of `run` to the agent that works on `into`; may be lost: then the
                 // run waits its turn
  answer_agent,  // the answer to question `ask` of the agent of `run`; may be lost: an agent that
                 // has ended waits no longer
  control_agent,   // restart or release the agent the event names
  deliver,         // obligation: give `delivery` to its channel
  acknowledge,     // tell the channel that what it was read up to is in the journal; may be lost
  show_work,       // tell the channel that `run` is worked on, or not any more; may be lost
  switch_channel,  // start or stop the account that the event names; a start of the gateway goes by
                   // what the state says of it
};

struct Effect {
  EffectKind kind{};
  EffectId id{};
  SessionId session{};
  RunId run{};
  Seq message{};          // prompt_agent, steer_agent, show_work: the MessageReceived to answer
  RunId into{};           // steer_agent
  std::uint64_t ask{};    // answer_agent
  DeliveryId delivery{};  // deliver
};

using Effects = std::vector<Effect>;

// Pure; appends. Ordinals are fixed per kind of event, so an EffectId means the same for ever.
// REQUIRES: the decision that the event is of has been folded into the state; `gone` is what it
// took out.
void effects(const State& state, const Departures& gone, const EventView& event, Effects& out);

// What an event of a kind asks for. Which is whose: engine/core/model/kinds.cc.
using EffectsOf = void(const State& state, const Departures& gone, const EventView& event,
                       Effects& out);
EffectsOf effects_of_queued, effects_of_started, effects_of_aborted, effects_of_approval;
EffectsOf effects_of_control, effects_of_attempted, effects_of_read, effects_of_switched;
EffectsOf effects_of_finished, effects_of_failed;

// The obligations that are open in the state, ordered by id: what recovery resumes.
void open_obligations(const State& state, Effects& out);

}  // namespace spine::core
