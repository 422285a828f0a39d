// The hot path of channel.message, shared by the two ways a frame is read.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/websocket/channel_message.h"
#include "adapters/websocket/methods.h"

namespace spine::net {

// Hands the message in. REQUIRES: it was checked, and the connection has the write scope.
// Steady state allocates nothing.
void accept_channel_message(Context& net, std::uint32_t slot, std::string_view id,
                            const ChannelMessage& message);

}  // namespace spine::net
