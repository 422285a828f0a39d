// What events of messages change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_message, fold_rejection, fold_command_answered, fold_burst_opened, fold_burst_joined;

}  // namespace spine::core
