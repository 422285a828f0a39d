// process: finding, starting and waiting for other programs.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "adapters/gateway/own_program.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// Runs a program found on PATH, with this process's terminal, and returns its exit code; 127 when
// it cannot be run, 128 + n when signal n ended it.
int run_program(const std::vector<std::string>& words);

// Execs that program (the first word is a path): returns only if that fails.
Error become(const std::vector<std::string>& words);

// Starts `words` (the first is a path) in a session of its own, with standard input from
// /dev/null and both outputs to `output_fd`. Returns its pid, or -1 with errno set.
pid_t start_background(const std::vector<std::string>& words, int output_fd);

using gateway::own_program;
using gateway::sibling_program;

}  // namespace spine::cli
