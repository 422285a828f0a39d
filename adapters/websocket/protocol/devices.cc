// The list of requests (short: every search walks it), rows, and pushes.
#include "adapters/websocket/protocol/devices.h"

#include <algorithm>
#include <map>

#include "adapters/websocket/protocol/context.h"
#include "adapters/websocket/protocol/respond.h"
#include "adapters/websocket/protocol/rows.h"
#include "schemas/vocab/addresses.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/limits.h"

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

// What requests and paired devices have in common.
template <class Device>
void write_common(JsonWriter& json, const Device& device, ScopeSet scopes) {
  json.member("deviceId", device.device_id);
  json.member("publicKey", encode_base64url(as_bytes(device.public_key)));
  json.member("platform", device.platform);
  json.member_if("deviceFamily", device.device_family);
  json.member("clientId", device.client_id);
  json.member("clientMode", device.client_mode);
  json.member("role", device.role);
  json.array("roles", [&] { json.value(device.role); });
  write_scopes(json, "scopes", scopes);
}

}  // namespace

std::string pairing_code(Bits128 random) {
  constexpr std::string_view kAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  static_assert(kAlphabet.size() == 32);
  std::string code;
  for (unsigned i = 0; i < 8; ++i)
    code.push_back(kAlphabet[(random.lo >> (5 * i)) & 31U]);
  return code;
}

void DeviceRequests::expire(std::uint64_t now_ms) {
  std::erase_if(requests_, [now_ms](const DeviceRequest& r) { return r.expires_ms <= now_ms; });
}

// Whether an approver who saw the one request has seen all of the other.
bool DeviceRequests::same_request(const DeviceRequest& a, const DeviceRequest& b) {
  return a.role == b.role && a.scopes == b.scopes && a.client_id == b.client_id &&
         a.display_name == b.display_name && a.platform == b.platform &&
         a.device_family == b.device_family;
}

// Evicts the oldest request of the network that has the most, so that none can crowd out the rest.
void DeviceRequests::make_room() {
  std::map<std::string, std::size_t> counts;
  for (const DeviceRequest& request : requests_)
    ++counts[network_text(request.address)];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& row) { return row.second; });
  const auto oldest = std::ranges::find_if(requests_, [&most](const DeviceRequest& request) {
    return network_text(request.address) == most->first;
  });
  requests_.erase(oldest);
}

const DeviceRequest* DeviceRequests::ask(DeviceRequest request, std::uint64_t now_ms,
                                         bool& is_new) {
  expire(now_ms);
  is_new = false;
  const auto known = std::ranges::find(requests_, request.device_id, &DeviceRequest::device_id);
  if (known != requests_.end()) {
    if (same_request(*known, request)) return &*known;
    // Another wish is another request: what was shown for approval is what is approved.
    requests_.erase(known);
  }
  const std::string network = network_text(request.address);
  const auto from_there = std::ranges::count_if(requests_, [&network](const DeviceRequest& other) {
    return network_text(other.address) == network;
  });
  if (static_cast<std::size_t>(from_there) >= limits::kDeviceRequestsPerNetworkMax) return nullptr;
  if (requests_.size() >= limits::kDeviceRequestsMax) make_room();
  is_new = true;
  request.expires_ms = now_ms + limits::kDeviceRequestMs;
  requests_.push_back(std::move(request));
  return &requests_.back();
}

const DeviceRequest* DeviceRequests::find(std::string_view id, std::uint64_t now_ms) {
  expire(now_ms);
  const auto at = std::ranges::find(requests_, id, &DeviceRequest::id);
  return at == requests_.end() ? nullptr : &*at;
}

const DeviceRequest* DeviceRequests::find_code(std::string_view code, std::uint64_t now_ms) {
  expire(now_ms);
  const auto at = std::ranges::find_if(
      requests_, [code](const DeviceRequest& row) { return same_but_case(row.code, code); });
  return at == requests_.end() ? nullptr : &*at;
}

const std::vector<DeviceRequest>& DeviceRequests::all(std::uint64_t now_ms) {
  expire(now_ms);
  return requests_;
}

void write_device_request(JsonWriter& json, const DeviceRequest& request) {
  json.member("requestId", request.id);
  json.member("code", request.code);
  json.member_if("displayName", request.display_name);
  write_common(json, request, request.scopes);
  json.member("remoteIp", request.address);
  json.member("reason", request.reason);
  json.member("ts", request.asked_wall_ms);
  json.member("expiresAtMs",
              request.asked_wall_ms + static_cast<std::int64_t>(limits::kDeviceRequestMs));
}

void write_device(JsonWriter& json, const core::DeviceView& device) {
  const ScopeSet scopes = scopes_of(device.scopes);
  json.member_if("displayName", device.label);
  json.member_if("label", device.label);
  write_common(json, device, scopes);
  json.member_if("remoteIp", device.address);
  // The word of the protocol for those that showed the shared secret.
  json.member("approvedVia", device.via == fb::ApprovedVia::shared_secret
                                 ? std::string{"silent"}
                                 : dashed(fb::EnumNameApprovedVia(device.via)));
  json.member("createdAtMs", device.approved_wall_ms);
  json.member("approvedAtMs", device.approved_wall_ms);
  if (device.last_seen_wall_ms != 0) json.member("lastSeenAtMs", device.last_seen_wall_ms);
  json.array("tokens", [&] {
    if (device.token_hash.empty() || is_revoked(as_bytes(device.token_hash))) return;
    json.object([&] {
      json.member("role", device.role);
      write_scopes(json, "scopes", scopes);
      json.member("createdAtMs", device.approved_wall_ms);
    });
  });
}

bool is_revoked(ByteSpan token_hash) {
  return !token_hash.empty() &&
         std::ranges::all_of(token_hash, [](std::byte byte) { return byte == std::byte{}; });
}

void push_device_requested(Context& net, const DeviceRequest& request) {
  Push push{net, "device.pair.requested"};
  push.json().object([&] { write_device_request(push.json(), request); });
  to_pairing(net, push);
}

void reject_device(Context& net, const DeviceRequest& request) {
  Push push{net, "device.pair.resolved"};
  push.json().object([&] {
    push.json().member("requestId", request.id);
    push.json().member("deviceId", request.device_id);
    push.json().member("decision", "rejected");
    push.json().member("ts", net.wall_ms);
  });
  to_pairing(net, push);
  net.device_requests.remove(std::string{request.id});
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
