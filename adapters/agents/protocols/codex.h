// CodexProtocol: `codex exec --json`, tried with 0.169.0.
#pragma once

#include <memory>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

std::unique_ptr<Protocol> make_codex_protocol(const AgentProfile& profile, ProtocolHost& host,
                                              RunEvents& events);

}  // namespace spine::agents
