// Device inputs: bodies of what is journalled about devices and senders.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/websocket/context.h"
#include "adapters/websocket/device_identity.h"

namespace spine::net {

// Each finishes net.builder.

// The device of a client that joins: paired because it showed the shared secret on this machine.
void build_device_paired(Context& net, std::uint32_t slot);
// The device of a request that was approved. It gets its token when it connects.
void build_device_paired(Context& net, const DeviceRequest& request, fb::ApprovedVia via);
// Another token; a digest of zeros revokes. No scopes: they stay.
void build_device_token(Context& net, std::string_view device_id, const Digest256& digest,
                        ScopeSet scopes);
void build_device_renamed(Context& net, std::string_view device_id, std::string_view label);
void build_device_removed(Context& net, std::string_view device_id);
void build_channel_pairing_resolved(Context& net, std::uint64_t request, bool approved,
                                    fb::ApprovedVia via);

}  // namespace spine::net
