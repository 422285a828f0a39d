// Devices: the table of the devices that may connect.
#pragma once

#include <flatbuffers/flatbuffers.h>
#include <string>
#include <string_view>

#include "engine/core/model/row_store.h"
#include "engine/core/model/rows.h"

namespace spine::core {

using Device = DeviceRow<std::string>;

// In order of approval. Looked up once per connection. A token_hash of zeros: it is revoked.
class Devices : public RowVector<Device, limits::kDevicesMax> {
 public:
  // By device id, exact; nullptr = none. Borrowed until the table changes.
  const Device* find(std::string_view device_id) const;
  Device* find(std::string_view device_id);

  // REQUIRES: !full(), no device of that device id, every id is smaller.
  void add(Device device);
  // One of a snapshot. False when there is one of that device id.
  bool restore(Device device);
  // Does nothing when there is no such device.
  void remove(std::string_view device_id);
};

using ScopeList = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

// The scopes of an event as one text, with "," between them. nullptr = none.
std::string joined_scopes(const ScopeList* scopes);

}  // namespace spine::core
