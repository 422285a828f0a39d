// What inputs about messages lead to.
#pragma once

#include "engine/core/drafter.h"

namespace spine::core {

Rule decide_message;

}  // namespace spine::core
