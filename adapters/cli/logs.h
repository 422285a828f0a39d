// Logs: the gateway's log file, line by line, optionally only the lines about one agent.
#pragma once

#include <cstdint>
#include <deque>
#include <istream>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/cli/verb.h"

namespace spine::cli {

// Whether the line is about the agent: of its processes (subsystem "agent/<id>"), or of the gateway
// about it (subsystem "agents", with the id as a word). An empty id matches every line. Lines are
// text or JSON.
bool about_agent(std::string_view line, std::string_view agent_id);

// The last `count` lines about the agent, from the stream's position to its end.
std::deque<std::string> last_lines(std::istream& file, std::uint64_t count,
                                   std::string_view agent_id);

// Declares the options of a verb that prints the log lines about the agent.
Action log_action(CLI::App& verb, std::shared_ptr<std::string> agent_id);

}  // namespace spine::cli
