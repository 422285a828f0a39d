// Refusals: what people are told of a message that was not taken.
#pragma once

#include <cstdint>
#include <string>

#include "engine/core/model/policy.h"

namespace spine::core {

// For somebody whom the policy lets in; empty = nothing. `wait_ms`: until the next message is
// taken, of rate_limited.
std::string refusal_text(const Policy& policy, fb::RejectReason reason, std::uint64_t wait_ms);

}  // namespace spine::core
