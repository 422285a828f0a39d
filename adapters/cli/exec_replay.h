// exec_replay: hands `spine journal ...` and `spine replay ...` to the program that cannot act.
#pragma once

#include <string>
#include <vector>

#include "adapters/cli/common.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// Becomes spine-replay: returns only when that fails. `words` are for it.
Error exec_replay(const std::vector<std::string>& words, const Common& common);

}  // namespace spine::cli
