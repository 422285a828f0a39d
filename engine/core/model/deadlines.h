// Deadlines: when the next one is due, and what due ones lead to.
#pragma once

#include "engine/core/model/drafter.h"

namespace spine::core {

Rule decide_deadline;

// Logical time at which something in the tables is due; 0 = nothing pending.
std::uint64_t next_due_ms(const Tables& tables);

}  // namespace spine::core
