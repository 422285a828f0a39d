// ClaudeProtocol: `claude -p --output-format stream-json`, tried with 2.1.330.
#pragma once

#include <memory>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

std::unique_ptr<Protocol> make_claude_protocol(const AgentProfile& profile, ProtocolHost& host,
                                               RunEvents& events);

}  // namespace spine::agents
