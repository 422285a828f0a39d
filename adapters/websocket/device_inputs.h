// Device inputs: bodies of what is journalled about devices and senders.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/websocket/context.h"
#include "adapters/websocket/device_identity.h"

namespace spine::net {

// Each finishes net.builder and returns the kind.

// The device of a client that joins: paired because it showed the shared secret on this machine.
fb::EventBody build_device_paired(Context& net, std::uint32_t slot);
// The device of a request that was approved. It gets its token when it connects.
fb::EventBody build_device_paired(Context& net, const DeviceRequest& request, fb::ApprovedVia via);
// Another token; a digest of zeros revokes. No scopes: they stay.
fb::EventBody build_device_token(Context& net, std::string_view device_id, const Digest256& digest,
                                 ScopeSet scopes);

// How whoever approves does so.
inline fb::ApprovedVia approved_via(const Client& by) {
  return by.control_socket ? fb::ApprovedVia::control_socket : fb::ApprovedVia::client;
}

}  // namespace spine::net
