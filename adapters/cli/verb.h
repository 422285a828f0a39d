// Verb: one command of `spine`: a row of verb_table.h, and the function that the row names, which
// declares the verb's options and returns its action.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "adapters/cli/common.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/verbs.h"

namespace spine::cli {

// Runs the verb; prints text, or JSON with --json. Returns the exit code; an error is printed to
// standard error, and gives kExitFailure.
using Action = std::function<Result<int>(const Common&)>;

// Declares the function of each row.
#define SPINE_TITLE(words, help)
#define SPINE_VERB(words, function, help) Action function(CLI::App& verb);
#define SPINE_READS(words, function, help) Action function(CLI::App& verb);
#include "adapters/cli/verb_table.h"
#undef SPINE_TITLE
#undef SPINE_VERB
#undef SPINE_READS

}  // namespace spine::cli
