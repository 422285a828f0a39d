// plain_prompt: a prompt that is no command of the agent's.
#pragma once

#include <string>
#include <string_view>

#include "adapters/agents/protocols/protocol.h"

namespace spine::agents {

// `text` as it is told to an agent: programs take a prompt that begins with "/" for a command of
// theirs, and with "!" for one of the shell. People who are not trusted must not give any: what
// they write that begins so, blanks aside, is told with "Message: " in front. Others may.
std::string plain_prompt(const AgentProfile& profile, std::string_view text);

}  // namespace spine::agents
