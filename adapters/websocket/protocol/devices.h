// Devices: requests to be paired, pushes about devices to clients with the scope operator.pairing,
// and closing a device's connections.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/protocol/connections.h"
#include "adapters/websocket/protocol/scopes.h"
#include "engine/core/model/views.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/json.h"

namespace spine::net {

struct Context;

// A device as it would be paired.
struct DeviceRequest : ClientFacts {
  std::string id{};    // UUID
  std::string code{};  // 8 characters, to be typed by an admin on a channel
  std::string device_id{};
  std::string public_key{};  // raw
  ScopeSet scopes{};
  std::string address{};
  std::string_view reason{};  // "not-paired", "scope-upgrade", ...; a literal
  std::int64_t asked_wall_ms{};
  std::uint64_t expires_ms{};  // boot-time
};

// In memory only: strangers must not grow the journal. A device has one request. Asking again for
// the same changes nothing; asking for something else is another request, with another id and code.
// Thread: net.
class DeviceRequests {
 public:
  // The device's request, made with the given id and code when it has none. nullptr when too many
  // of its network wait; when too many wait in all, the network with the most makes room. `is_new`
  // says whether it was made.
  const DeviceRequest* ask(DeviceRequest request, std::uint64_t now_ms, bool& is_new);
  // By id / by code without regard to case. nullptr when there is none (any more).
  const DeviceRequest* find(std::string_view id, std::uint64_t now_ms);
  const DeviceRequest* find_code(std::string_view code, std::uint64_t now_ms);
  void remove(std::string_view id) {
    std::erase_if(requests_, [id](const DeviceRequest& request) { return request.id == id; });
  }
  // Those that wait, oldest first.
  const std::vector<DeviceRequest>& all(std::uint64_t now_ms);

 private:
  static bool same_request(const DeviceRequest& a, const DeviceRequest& b);
  void expire(std::uint64_t now_ms);
  void make_room();
  std::vector<DeviceRequest> requests_{};
};

// 8 characters without those that look alike, drawn from 128 random bits.
std::string pairing_code(Bits128 random);

// The members of a row of device.pair.list, pending or paired.
void write_device_request(JsonWriter& json, const DeviceRequest& request);
void write_device(JsonWriter& json, const core::DeviceView& device);

void push_device_requested(Context& net, const DeviceRequest& request);
// Ends the request and tells those who may pair that it was rejected.
void reject_device(Context& net, const DeviceRequest& request);

// Whether the token was revoked: its digest is all zeros, which no token has.
bool is_revoked(ByteSpan token_hash);

// Ends the connections of the device when this turn's answers are written, except those that hold
// the token with the digest `kept`; empty = all end. `why` is a literal.
void cut_device(Context& net, std::string_view device_id, std::string_view why, ByteSpan kept = {});
// The same for those connections of the device that have more than these scopes.
void cut_device_beyond(Context& net, std::string_view device_id, ScopeSet scopes);

}  // namespace spine::net
