// Devices that are paired, changed and removed.
#include "engine/core/devices/evolve.h"

namespace spine::core {
namespace {

std::string bytes_of(const flatbuffers::Vector<std::uint8_t>* bytes, std::size_t bytes_max) {
  if (bytes == nullptr) return {};
  return std::string(reinterpret_cast<const char*>(bytes->Data()),
                     std::min<std::size_t>(bytes->size(), bytes_max));
}

std::string scopes_of(const ScopeList* scopes) {
  return std::string(cut_text(joined_scopes(scopes), limits::kScopesBytesMax));
}

}  // namespace

void fold_device_paired(const Folding& fold) {
  const auto& body = fold.body<fb::DevicePaired>();
  Devices& devices = fold.tables.devices;
  Device device{.paired = fold.seq(),
                .device_id = cut_field(body.device_id()),
                .public_key = bytes_of(body.public_key(), limits::kPublicKeyBytes),
                .token_hash = bytes_of(body.token_hash(), limits::kTokenHashBytes),
                .role = cut_field(body.role()),
                .scopes = scopes_of(body.scopes()),
                .label = cut_field(body.label()),
                .client_id = cut_field(body.client_id()),
                .client_mode = cut_field(body.client_mode()),
                .platform = cut_field(body.platform()),
                .device_family = cut_field(body.device_family()),
                .address = cut_field(body.address()),
                .via = body.via(),
                .approved_wall_ms = fold.wall_ms()};
  if (const Device* before = devices.find(device.device_id); before != nullptr) {
    device.last_seen_wall_ms = before->last_seen_wall_ms;
    const bool revoked = before->token_hash == std::string(limits::kTokenHashBytes, '\0');
    if (body.token_hash() == nullptr && !revoked) device.token_hash = before->token_hash;
    if (device.label.empty()) device.label = before->label;
    devices.remove(device.device_id);
  }
  if (!devices.full()) devices.add(std::move(device));
}

void fold_device_renamed(const Folding& fold) {
  const auto& body = fold.body<fb::DeviceRenamed>();
  Device* device = fold.tables.devices.find(text_of(body.device_id()));
  if (device != nullptr) device->label = cut_field(body.label());
}

void fold_device_token(const Folding& fold) {
  const auto& body = fold.body<fb::DeviceTokenChanged>();
  Device* device = fold.tables.devices.find(text_of(body.device_id()));
  if (device == nullptr) return;
  device->token_hash = bytes_of(body.token_hash(), limits::kTokenHashBytes);
  if (body.scopes() != nullptr) device->scopes = scopes_of(body.scopes());
}

void fold_device_removed(const Folding& fold) {
  const auto& body = fold.body<fb::DeviceRemoved>();
  fold.tables.devices.remove(text_of(body.device_id()));
}

}  // namespace spine::core
