// What becomes of deliveries: their outcomes, and what somebody wants of dead letters.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

// Of the present attempt of a delivery; of another, not_found.
Rule decide_delivery_confirmed, decide_delivery_failed;
// Of a dead letter; of anything else, not_found.
Rule decide_delivery_retry, decide_delivery_discard;
// Of a run whose answer goes to a channel, or went; of another, not_found.
Rule decide_delivery_previewed;

}  // namespace spine::core
