// substitute: ${VAR} in the strings of a configuration.
#pragma once

#include "engine/config/environment.h"
#include "engine/config/findings.h"
#include "engine/config/json5.h"

namespace spine::config {

// Fills in every string below `root`, as source.h says. Findings: variables that are not set.
// Errors: invalid_argument when the result has too much text.
Status substitute(Document& document, NodeId root, const Environment& environment,
                  Findings& findings);

}  // namespace spine::config
