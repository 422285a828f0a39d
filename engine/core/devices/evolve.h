// What events of devices change. To revoke a token: DeviceTokenChanged with a zero token_hash.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_device_paired, fold_device_renamed, fold_device_token, fold_device_removed;

}  // namespace spine::core
