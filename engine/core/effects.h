// effects: the outside work and the notifications an event leads to.
#pragma once

#include <cstdint>

#include "engine/core/state.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::core {

enum class EffectKind : std::uint8_t {
  prompt_agent,  // obligation: give `message` of `session` to the run's agent
  cancel_agent,  // stop the run if it is being worked on; lost is fine, its result is ignored
  notify,        // notification: tell subscribed clients of the event itself
  steer_agent,   // give `message` of `run` to the agent that works on `into`; lost is fine, the run
                 // waits its turn then
  answer_agent,  // what the agent of `run` asked as `ask` is decided; who does not hear it is not
                 // waiting any more
  control_agent,  // restart or release the agent the event names
};

struct Effect {
  EffectKind kind{};
  EffectId id{};
  SessionId session{};
  RunId run{};
  Seq message{};        // prompt_agent, steer_agent: the MessageReceived to answer
  RunId into{};         // steer_agent
  std::uint64_t ask{};  // answer_agent
};

// Ordinals are fixed per kind of event, so an EffectId means the same for ever.
inline constexpr std::size_t kEffectsPerEventMax = 64;

struct EffectList {
  Effect items[kEffectsPerEventMax]{};
  std::size_t count{};
};

// Pure. REQUIRES: evolve(state, event) has just been done.
void effects(const State& state, const EventView& event, EffectList& out);

// The obligations that are open in the state, ordered by id: what recovery resumes.
void open_obligations(const State& state, std::vector<Effect>& out);

}  // namespace spine::core
