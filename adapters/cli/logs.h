// Logs: the gateway's log file, line by line, whole or as far as it is about one agent.
#pragma once

#include <cstdint>
#include <deque>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/cli/verb.h"

namespace spine::cli {

// Whether the line is about the agent: what its processes say (subsystem "agent/<id>"), and what
// the gateway says of it (subsystem "agents", with the id as a word). An empty id: every line is.
// Lines as text or as JSON.
bool about_agent(std::string_view line, std::string_view agent_id);

// The last `count` lines about the agent that are left to read.
std::deque<std::string> last_lines(std::istream& file, std::uint64_t count,
                                   std::string_view agent_id);

// Declares the options of a verb that prints the log, as far as it is about the agent.
Action log_action(CLI::App& verb, std::shared_ptr<std::string> agent_id);

}  // namespace spine::cli
