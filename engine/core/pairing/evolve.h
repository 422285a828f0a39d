// What events of the pairing of senders change.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_pairing_requested, fold_pairing_resolved;

}  // namespace spine::core
