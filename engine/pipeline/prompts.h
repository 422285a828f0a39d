// What a prompt says besides its text: the same from the engine and from the follower.
#pragma once

#include "engine/core/views.h"
#include "engine/pipeline/messages.h"

namespace spine::pipeline {

// Everything but the text. Borrowed from the state until its next evolve.
inline PromptItem prompt_of(const core::State& state, const core::RunView& run, EffectId effect) {
  PromptItem item{};
  item.effect = effect;
  item.run = run.id;
  item.session = run.session;
  item.attempt = run.attempt;
  item.trust = run.trust;
  item.run_key = run.key;
  item.agent_id = run.agent_id;
  core::SessionView session{};
  if (!core::view_session(state, run.session, session)) return item;
  item.session_uuid = session.uuid;
  item.session_key = session.key;
  item.agent_session = session.agent_session;
  item.model = session.model;
  item.thinking_level = session.thinking_level;
  return item;
}

}  // namespace spine::pipeline
