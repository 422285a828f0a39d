// Answers to requests that wait for a run to end, and the agent that a request names.
#pragma once

#include <string_view>

#include "adapters/websocket/methods.h"
#include "engine/pipeline/messages.h"

namespace spine::net {

// The second response of `agent`, or the answer of agent.wait. `end` is the RunFinished, RunFailed
// or RunAborted that ended the run; null = the wait's time is over. Nothing happens when the
// connection is gone.
void answer_waiter(Context& net, const Waiter& waiter, const EventView* end);

// Everybody who waits for this run gets `end`.
void answer_waiters(Context& net, std::string_view run_key, const EventView& end);

// The agent that the parameters name, by its id or by a session of its; neither: the default one.
// nullptr, with the refusal said, when there is none. REQUIRES: the method has kNamedAgent.
constexpr ParamList kNamedAgent{optional_text("agentId", limits::kKeyBytesMax),
                                optional_text("sessionKey", limits::kKeyBytesMax)};
const config::AgentConfig* named_agent(const Call& call);

}  // namespace spine::net
