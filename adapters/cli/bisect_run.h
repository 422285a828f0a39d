// bisect --run: the first event after which a command fails.
#pragma once

#include <string>
#include <vector>

#include "adapters/cli/common.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// Whether these words of a verb of spine-replay are `replay bisect` with --run, which spine-replay
// cannot do, as it starts no programs.
bool is_bisect_run(const std::vector<std::string>& words);

// Runs the command for one moment after another, as `git bisect run` does with commits; what the
// journal holds is asked of spine-replay. Returns the exit code.
Result<int> bisect_run(const std::vector<std::string>& words, const Common& common);

}  // namespace spine::cli
