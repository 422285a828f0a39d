// run_command: a short command, its output and its end, within bounds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/agents/process/child.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

struct CommandOutcome {
  ChildExit exit{};
  std::string output{};  // the first kAgentProbeBytesMax of stdout
  std::string error{};   // and of stderr
};

// Blocks at most `ms_max`; what runs on is killed. Its stdin is empty. Errors: Errc::io,
// Errc::timed_out.
Result<CommandOutcome> run_command(const std::vector<std::string>& argv,
                                   const std::vector<std::string>& env,
                                   std::uint32_t ms_max = limits::kAgentProbeMsMax);

}  // namespace spine::agents
