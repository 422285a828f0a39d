// What inputs about the pairing of senders lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_pairing_resolved;

}  // namespace spine::core
