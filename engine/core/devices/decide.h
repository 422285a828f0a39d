// What inputs about devices lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_device_pairing, decide_device_change;

}  // namespace spine::core
