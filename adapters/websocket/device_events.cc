// Rendering of devices and requests, and their pushes.
#include "adapters/websocket/device_events.h"

#include <algorithm>
#include <string>

#include "adapters/websocket/credentials.h"
#include "adapters/websocket/device_identity.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "schemas/vocab/base64.h"

namespace spine::net {
namespace {

// Rare events: every connection is looked at.
void to_pairing(Context& net, Push& push) {
  const Connections& table = net.hub.table;
  for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
    if (table.stage[slot] == Stage::open && satisfies(table.scopes[slot], Scope::pairing)) {
      push.to(slot);
    }
  }
}

ByteSpan bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace

void write_scopes(JsonWriter& json, ScopeSet scopes) {
  json.begin_array();
  for (unsigned bit = 0; bit < 8; ++bit) {
    const auto scope = static_cast<ScopeSet>(1U << bit);
    if ((scopes & scope) != 0) json.value(scope_name(Scope{scope}));
  }
  json.end_array();
}

ScopeSet scopes_of(std::string_view joined) {
  ScopeSet scopes{};
  while (!joined.empty()) {
    const std::size_t end = joined.find(',');
    const auto scope = static_cast<ScopeSet>(scope_of(joined.substr(0, end)));
    scopes = static_cast<ScopeSet>(scopes | scope);
    if (end == std::string_view::npos) break;
    joined.remove_prefix(end + 1);
  }
  return scopes;
}

std::string_view approved_via_name(fb::ApprovedVia via) {
  switch (via) {
    case fb::ApprovedVia::shared_secret:
      return "silent";
    case fb::ApprovedVia::client:
      return "client";
    case fb::ApprovedVia::control_socket:
      return "control-socket";
    case fb::ApprovedVia::owner:
      return "owner";
  }
  return "silent";
}

void write_device_request(JsonWriter& json, const DeviceRequest& request) {
  json.begin_object();
  json.member("requestId", request.id);
  json.member("code", request.code);
  json.member("deviceId", request.device_id);
  json.member("publicKey", encode_base64url(bytes_of(request.public_key)));
  json.member_if("displayName", request.display_name);
  json.member("platform", request.platform);
  json.member_if("deviceFamily", request.device_family);
  json.member("clientId", request.client_id);
  json.member("clientMode", request.client_mode);
  json.member("role", request.role);
  json.key("roles");
  json.begin_array();
  json.value(request.role);
  json.end_array();
  json.key("scopes");
  write_scopes(json, request.scopes);
  json.member("remoteIp", request.address);
  json.member("reason", request.reason);
  json.member("ts", request.asked_wall_ms);
  json.member("expiresAtMs",
              request.asked_wall_ms + static_cast<std::int64_t>(limits::kDeviceRequestMs));
  json.end_object();
}

void write_device(JsonWriter& json, const core::DeviceView& device) {
  const ScopeSet scopes = scopes_of(device.scopes);
  json.begin_object();
  json.member("deviceId", device.device_id);
  json.member("publicKey", encode_base64url(as_bytes(device.public_key)));
  json.member_if("displayName", device.label);
  json.member_if("label", device.label);
  json.member("platform", device.platform);
  json.member_if("deviceFamily", device.device_family);
  json.member("clientId", device.client_id);
  json.member("clientMode", device.client_mode);
  json.member("role", device.role);
  json.key("roles");
  json.begin_array();
  json.value(device.role);
  json.end_array();
  json.key("scopes");
  write_scopes(json, scopes);
  json.member_if("remoteIp", device.address);
  json.member("approvedVia", approved_via_name(device.via));
  json.member("createdAtMs", device.approved_wall_ms);
  json.member("approvedAtMs", device.approved_wall_ms);
  if (device.last_seen_wall_ms != 0) json.member("lastSeenAtMs", device.last_seen_wall_ms);
  json.key("tokens");
  json.begin_array();
  if (!device.token_hash.empty() && !is_revoked(as_bytes(device.token_hash))) {
    json.begin_object();
    json.member("role", device.role);
    json.key("scopes");
    write_scopes(json, scopes);
    json.member("createdAtMs", device.approved_wall_ms);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

bool is_revoked(ByteSpan token_hash) {
  return !token_hash.empty() &&
         std::ranges::all_of(token_hash, [](std::byte byte) { return byte == std::byte{}; });
}

void push_device_requested(Context& net, const DeviceRequest& request) {
  Push push{net, "device.pair.requested"};
  write_device_request(push.json(), request);
  to_pairing(net, push);
}

void push_device_resolved(Context& net, std::string_view request_id, std::string_view device_id,
                          std::string_view decision) {
  Push push{net, "device.pair.resolved"};
  JsonWriter& json = push.json();
  json.begin_object();
  json.member("requestId", request_id);
  json.member("deviceId", device_id);
  json.member("decision", decision);
  json.member("ts", net.wall_ms);
  json.end_object();
  to_pairing(net, push);
}

void cut_device(Context& net, std::string_view device_id, std::string_view why, ByteSpan kept) {
  const Connections& table = net.hub.table;
  for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
    if (!net.hub.writable(slot) || table.client[slot]->device_id != device_id) continue;
    if (std::ranges::equal(kept, table.client[slot]->token_hash)) continue;
    net.to_cut.push_back({table.ref(slot), why});
  }
}

void cut_device_beyond(Context& net, std::string_view device_id, ScopeSet scopes) {
  const Connections& table = net.hub.table;
  for (std::uint32_t slot = 0; slot < table.slots(); ++slot) {
    if (table.stage[slot] != Stage::open || table.client[slot]->device_id != device_id) continue;
    if (!covers(scopes, table.scopes[slot])) {
      net.to_cut.push_back({table.ref(slot), "device scopes changed"});
    }
  }
}

}  // namespace spine::net
