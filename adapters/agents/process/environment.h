// Environment: what a process of an agent finds in its environment, and nothing else.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

// "NAME=value" texts; the first is kOwnerVariable. `user_name` is who it runs as. Errors:
// Errc::invalid_argument naming a variable that agents cannot get, and why.
Result<std::vector<std::string>> agent_environment(const LaunchRequest& request,
                                                   const std::string& user_name);

}  // namespace spine::agents
