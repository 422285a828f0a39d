// Devices: rows in a vector.
#include "engine/core/devices/devices.h"

#include <algorithm>

#include "schemas/fields.h"
#include "schemas/vocab/check.h"

namespace spine::core {

const Device* Devices::find(std::string_view device_id) const {
  return find_row([&](const Device& row) { return row.device_id == device_id; });
}

Device* Devices::find(std::string_view device_id) {
  return const_cast<Device*>(static_cast<const Devices&>(*this).find(device_id));
}

void Devices::add(Device device) {
  SPINE_CHECK(!full() && (rows_.empty() || rows_.back().paired < device.paired));
  rows_.push_back(std::move(device));
}

bool Devices::restore(Device device) {
  if (find(device.device_id) != nullptr) return false;
  add(std::move(device));
  return true;
}

void Devices::remove(std::string_view device_id) {
  std::erase_if(rows_, [&](const Device& row) { return row.device_id == device_id; });
}

std::string joined_scopes(const ScopeList* scopes) {
  std::string joined;
  if (scopes == nullptr) return joined;
  for (const flatbuffers::String* scope : *scopes) {
    if (!joined.empty()) joined += ',';
    joined += text_of(scope);
  }
  return joined;
}

}  // namespace spine::core
