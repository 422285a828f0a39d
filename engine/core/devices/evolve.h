// What events of devices change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_device_paired, fold_device_renamed, fold_device_token, fold_device_removed;

}  // namespace spine::core
