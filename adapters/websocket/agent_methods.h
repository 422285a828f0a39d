// Answers to requests that wait for a run to end.
#pragma once

#include <string_view>

#include "adapters/websocket/context.h"
#include "engine/pipeline/messages.h"

namespace spine::net {

// The second response of `agent`, or the answer of agent.wait. `end` is the RunFinished, RunFailed
// or RunAborted that ended the run; null = the wait's time is over. Nothing happens when the
// connection is gone.
void answer_waiter(Context& net, const Waiter& waiter, const EventView* end);

// Everybody who waits for this run gets `end`.
void answer_waiters(Context& net, std::string_view run_key, const EventView& end);

}  // namespace spine::net
