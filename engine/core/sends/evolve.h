// Folds of what somebody asked to be sent.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_send;

}  // namespace spine::core
