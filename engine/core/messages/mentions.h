// Mentions: whether words of a group are meant for the agent, where its channel does not tell.
#pragma once

#include <string_view>

namespace spine::core {

// Whether the words begin with a command ("/new"), or hold the agent's name as a mention.
bool names_agent(std::string_view text, std::string_view agent);

}  // namespace spine::core
