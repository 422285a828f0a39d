// What inputs about channels lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

// Nothing to do when nothing has changed. A channel that can be used again is given what waits for
// it.
Rule decide_channel_state;
Rule decide_channel_read;
// Nothing to do when it is known.
Rule decide_migrated;
// Of an account there is; nothing to do when it is wanted so already.
Rule decide_channel_switched;

}  // namespace spine::core
