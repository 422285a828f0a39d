// Folds of what is recorded about deliveries.
#pragma once

#include "engine/core/model/folding.h"

namespace spine::core {

Fold fold_delivery_requested, fold_delivery_attempted, fold_delivery_confirmed;
Fold fold_delivery_failed, fold_delivery_scheduled, fold_delivery_dead, fold_delivery_retry;
Fold fold_delivery_discarded, fold_delivery_previewed;

}  // namespace spine::core
