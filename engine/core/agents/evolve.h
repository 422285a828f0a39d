// What events of agents change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_agent_quarantined, fold_agent_reset;

}  // namespace spine::core
