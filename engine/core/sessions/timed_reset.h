// Timed reset: whether a session is to start afresh by itself.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/core/model/tables.h"

namespace spine::core {

// Why the message that has come now begins a new life of the session, by the hour or by idle time;
// none while a run is open.
std::optional<fb::ResetReason> timed_reset(const Tables& tables, std::uint32_t session_row,
                                           Instant now);

}  // namespace spine::core
