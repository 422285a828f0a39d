// What a request to send a text leads to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

// A delivery of its own. One whose key was used before is answered with the delivery of then.
Rule decide_send;

}  // namespace spine::core
