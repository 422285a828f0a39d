// What inputs about principals lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_client;

}  // namespace spine::core
