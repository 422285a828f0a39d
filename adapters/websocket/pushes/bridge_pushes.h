// What bridges are pushed: deliveries for the accounts that they serve; and what becomes of those.
#pragma once

#include <cstdint>

#include "adapters/websocket/protocol/context.h"
#include "engine/pipeline/items/messages.h"

namespace spine::net {

// Pushes channel.delivery to the connection that serves the account. Without one, the attempt
// failed as not ready.
void push_delivery(Context& net, const pipeline::DeliverItem& item);
// The connection is gone: its accounts are down, and what it did not answer is unknown.
void end_bridge(Context& net, std::uint32_t slot);
// The same of all, because the gateway stops: nothing is pushed any more.
void end_bridges(Context& net);
// Closes connections that have not answered in time.
void close_late_bridges(Context& net);

}  // namespace spine::net
