// Device events: what clients with the scope operator.pairing are told about devices.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/websocket/context.h"
#include "engine/core/views.h"
#include "schemas/vocab/json.h"

namespace spine::net {

// ["operator.read", ...]: the names of a set.
void write_scopes(JsonWriter& json, ScopeSet scopes);
// The set of names joined with ",". Unknown names count for nothing.
ScopeSet scopes_of(std::string_view joined);

// A row of device.pair.list, pending or paired.
void write_device_request(JsonWriter& json, const DeviceRequest& request);
void write_device(JsonWriter& json, const core::DeviceView& device);

void push_device_requested(Context& net, const DeviceRequest& request);
// `decision`: "approved" or "rejected".
void push_device_resolved(Context& net, std::string_view request_id, std::string_view device_id,
                          std::string_view decision);

// Whether the token was taken away: the digest nothing has.
bool is_revoked(ByteSpan token_hash);

// Ends the connections of the device when this turn's answers are written, but for those that hold
// the token with the digest `kept`; empty = none does. `why` is a literal.
void cut_device(Context& net, std::string_view device_id, std::string_view why, ByteSpan kept = {});
// Those of them that have more than these scopes.
void cut_device_beyond(Context& net, std::string_view device_id, ScopeSet scopes);

// "shared_secret" is told as "silent", the word of the protocol.
std::string_view approved_via_name(fb::ApprovedVia via);

}  // namespace spine::net
