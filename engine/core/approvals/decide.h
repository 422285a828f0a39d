// What inputs about questions of agents lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_approval_requested, decide_approval_resolved;

}  // namespace spine::core
