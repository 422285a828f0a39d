// Devices: the table of the devices that may connect.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "event_generated.h"

namespace spine::core {

struct Device {
  std::uint64_t id{};       // the DevicePaired that let it in
  std::string device_id{};  // hex SHA-256 of the public key
  std::string public_key{};
  std::string token_hash{};  // empty = revoked
  std::string role{};
  std::string scopes{};  // joined with ","
  std::string label{};
  std::string client_id{};
  std::string client_mode{};
  std::string platform{};
  std::string device_family{};
  std::string address{};
  fb::ApprovedVia via{};
  std::int64_t approved_wall_ms{};
  std::int64_t last_seen_wall_ms{};
};

// At most limits::kDevicesMax rows, in order of their ids. They change rarely and are looked up
// once per connection: a walk over them is cheap enough.
class Devices {
 public:
  // By device id, exact; nullptr = none. Borrowed until the table changes.
  const Device* find(std::string_view device_id) const;
  Device* find(std::string_view device_id);
  bool full() const;
  std::uint32_t count() const { return static_cast<std::uint32_t>(rows_.size()); }
  const Device& operator[](std::size_t index) const { return rows_[index]; }

  // REQUIRES: !full(), no device of that device id, every id is smaller.
  void add(Device device);
  // Does nothing when there is no such device.
  void remove(std::string_view device_id);
  std::size_t bytes() const { return rows_.capacity() * sizeof(Device); }

 private:
  std::vector<Device> rows_{};
};

}  // namespace spine::core
