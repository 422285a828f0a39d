// Queueing: what happens to a message whose session is busy.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/model/tables.h"

namespace spine::core {

// A message that is to be answered. Borrowed for the call.
struct QueuedWords {
  const fb::MessageReceived& message;
  std::string_view agent;
  std::uint32_t session_row;  // 0 = the message itself opens the session
  fb::Trust trust;
  bool delayed;         // by the rate of its sender
  DeliveryRoute route;  // of the answer
};

// Unset = it waits its turn. Untrusted messages neither interrupt nor steer trusted runs; delayed
// ones wait.
fb::QueueMode queue_mode_of(const Tables& tables, const QueuedWords& words);

}  // namespace spine::core
