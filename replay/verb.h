// Verb: one command of spine-replay: a row of verb_table.h, and the function that the row names,
// which declares the verb's options and returns its action.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "replay/common.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/verbs.h"

namespace spine::replay {

// Runs the verb: prints text, or JSON with common.json. Returns the exit code; an error is printed
// by the caller with fail().
using Action = std::function<Result<int>(const Common&)>;

// Declares the function of each row.
#define SPINE_REPLAY_TITLE(words, help)
#define SPINE_REPLAY(words, function, help) Action function(CLI::App& verb);
#include "replay/verb_table.h"
#undef SPINE_REPLAY_TITLE
#undef SPINE_REPLAY

}  // namespace spine::replay
