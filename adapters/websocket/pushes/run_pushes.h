// Run pushes: agent, chat and session.tool: what is told of runs while they are under way.
#pragma once

#include <span>

#include "adapters/websocket/pushes/events.h"

namespace spine::net {

// What clients are told of runs, of the tools agents use, and of the gateway's own answers.
std::span<const Renderer> run_pushes();

// Pushes a piece of an answer that is being written. A slow consumer gets fewer of them, and is not
// closed for that.
void push_delta(Events& to, const pipeline::DeltaItem& item);

}  // namespace spine::net
