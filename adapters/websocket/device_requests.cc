// A short list: every search walks it.
#include "adapters/websocket/device_requests.h"

#include <algorithm>
#include <map>
#include <strings.h>

#include "adapters/websocket/auth_limits.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

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

// Whether somebody who saw the one has seen the other.
bool DeviceRequests::same_wish(const DeviceRequest& a, const DeviceRequest& b) {
  return a.role == b.role && a.scopes == b.scopes && a.client_id == b.client_id &&
         a.display_name == b.display_name && a.platform == b.platform &&
         a.device_family == b.device_family;
}

// The oldest request of the network that has the most: no one network keeps the others out.
void DeviceRequests::make_room() {
  std::map<std::string, std::size_t> counts;
  for (const DeviceRequest& request : requests_)
    ++counts[address_network(request.address)];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& row) { return row.second; });
  const auto oldest = std::ranges::find_if(requests_, [&most](const DeviceRequest& request) {
    return address_network(request.address) == most->first;
  });
  requests_.erase(oldest);
}

const DeviceRequest* DeviceRequests::ask(DeviceRequest request, std::uint64_t now_ms,
                                         bool& is_new) {
  expire(now_ms);
  is_new = false;
  const auto known = std::ranges::find(requests_, request.device_id, &DeviceRequest::device_id);
  if (known != requests_.end()) {
    if (same_wish(*known, request)) return &*known;
    // Another wish is another request: what was shown for approval is what is approved.
    requests_.erase(known);
  }
  const std::string network = address_network(request.address);
  const auto from_there = std::ranges::count_if(requests_, [&network](const DeviceRequest& other) {
    return address_network(other.address) == network;
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
  const std::string wanted{code};
  const auto at = std::ranges::find_if(requests_, [&wanted](const DeviceRequest& request) {
    return ::strcasecmp(request.code.c_str(), wanted.c_str()) == 0;
  });
  return at == requests_.end() ? nullptr : &*at;
}

void DeviceRequests::remove(std::string_view id) {
  std::erase_if(requests_, [id](const DeviceRequest& request) { return request.id == id; });
}

const std::vector<DeviceRequest>& DeviceRequests::all(std::uint64_t now_ms) {
  expire(now_ms);
  return requests_;
}

}  // namespace spine::net
