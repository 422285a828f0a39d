// evolve: events of devices and of the pairing of senders.
#include "engine/core/device_rules.h"
#include "engine/core/evolve_rows.h"
#include "schemas/fields.h"
#include "schemas/vocab/utf8.h"

namespace spine::core {
namespace {

std::string name_of(const flatbuffers::String* text) {
  return std::string(cut_text(text_of(text), limits::kNameBytesMax));
}

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
                .device_id = name_of(body.device_id()),
                .public_key = bytes_of(body.public_key(), limits::kPublicKeyBytes),
                .token_hash = bytes_of(body.token_hash(), limits::kTokenHashBytes),
                .role = name_of(body.role()),
                .scopes = scopes_of(body.scopes()),
                .label = name_of(body.label()),
                .client_id = name_of(body.client_id()),
                .client_mode = name_of(body.client_mode()),
                .platform = name_of(body.platform()),
                .device_family = name_of(body.device_family()),
                .address = name_of(body.address()),
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
  if (device != nullptr) device->label = name_of(body.label());
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

void fold_device_seen(const Folding& fold, std::string_view device_id) {
  Device* device = fold.tables.devices.find(device_id);
  if (device != nullptr) device->last_seen_wall_ms = fold.wall_ms();
}

void fold_pairing_requested(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelPairingRequested>();
  fold.tables.pairing_requests.add(PairingRequest{.request = fold.seq(),
                                                  .channel = name_of(body.channel()),
                                                  .account = name_of(body.account()),
                                                  .sender_id = name_of(body.sender_id()),
                                                  .sender_name = name_of(body.sender_name()),
                                                  .code = name_of(body.code()),
                                                  .created_wall_ms = fold.wall_ms(),
                                                  .expires_ms = body.expires_ms(),
                                                  .expires_wall_ms = body.expires_wall_ms()},
                                   fold.logical_ms());
}

void fold_pairing_resolved(const Folding& fold) {
  const auto& body = fold.body<fb::ChannelPairingResolved>();
  PairingRequest request = fold.tables.pairing_requests.take(Seq{body.request()});
  PairedSenders& senders = fold.tables.paired_senders;
  if (!request.request || !body.approved() || senders.full()) return;
  // As the configuration in force says: all that is older than exact ids was under one that folds.
  senders.add(PairedSender{.resolved = fold.seq(),
                           .channel = std::move(request.channel),
                           .account = std::move(request.account),
                           .sender_id = std::move(request.sender_id)},
              fold.tables.policy.ids);
}

}  // namespace spine::core
