// Answers to requests that wait for an approval to be given.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/websocket/context.h"

namespace spine::net {

// The response of waitDecision. REQUIRES: the approval is resolved, the slot may be written to.
void answer_approval_wait(Context& net, std::uint32_t slot, std::string_view id,
                          const Approval& approval);

}  // namespace spine::net
