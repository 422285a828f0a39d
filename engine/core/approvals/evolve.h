// What events of questions of agents change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_approval_requested, fold_approval_opened, fold_approval_resolved;

}  // namespace spine::core
