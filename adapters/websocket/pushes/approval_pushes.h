// Approval pushes: sent to clients that may answer agents' questions.
#pragma once

#include <span>

#include "adapters/websocket/pushes/events.h"

namespace spine::net {

// What clients with the scope operator.approvals are told of what agents ask.
std::span<const Renderer> approval_pushes();

}  // namespace spine::net
