// Folds of what is recorded about channels.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_channel_state, fold_channel_read, fold_channel_switched, fold_migrated;

}  // namespace spine::core
