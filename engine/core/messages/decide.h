// What inputs about messages lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_message;

}  // namespace spine::core
