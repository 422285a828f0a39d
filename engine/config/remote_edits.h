// What a client from elsewhere may change: settings that their tables call settable remotely, which
// neither weaken security nor name programs, environments, files or URLs. Everything else is
// changed on the machine itself.
#pragma once

#include <string>
#include <vector>

#include "engine/config/changes.h"

namespace spine::config {

// The paths among `changes` that are not allowed, in their order; empty when all are.
std::vector<std::string> refused_remotely(Tree before, Tree after,
                                          const std::vector<Change>& changes);

}  // namespace spine::config
