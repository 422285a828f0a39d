// Snapshots: rows of devices, of pairing requests and of paired senders.
#include "engine/core/snapshot_pairing.h"

#include "engine/core/snapshot_rows.h"

namespace spine::core {
flatbuffers::Offset<fbs::Devices> save_devices(Builder& builder, const Devices& devices) {
  const auto id = numbers_of<std::uint64_t>(builder, devices, &Device::id);
  const auto device_id = texts_of(builder, devices, &Device::device_id);
  const auto public_key = texts_of(builder, devices, &Device::public_key);
  const auto token_hash = texts_of(builder, devices, &Device::token_hash);
  const auto role = texts_of(builder, devices, &Device::role);
  const auto scopes = texts_of(builder, devices, &Device::scopes);
  const auto label = texts_of(builder, devices, &Device::label);
  const auto client_id = texts_of(builder, devices, &Device::client_id);
  const auto client_mode = texts_of(builder, devices, &Device::client_mode);
  const auto platform = texts_of(builder, devices, &Device::platform);
  const auto device_family = texts_of(builder, devices, &Device::device_family);
  const auto address = texts_of(builder, devices, &Device::address);
  const auto via = numbers_of<std::uint8_t>(builder, devices, &Device::via);
  const auto approved = numbers_of<std::int64_t>(builder, devices, &Device::approved_wall_ms);
  const auto seen = numbers_of<std::int64_t>(builder, devices, &Device::last_seen_wall_ms);
  return fbs::CreateDevices(builder, id, device_id, public_key, token_hash, role, scopes, label,
                            client_id, client_mode, platform, device_family, address, via, approved,
                            seen);
}

flatbuffers::Offset<fbs::PairingRequests> save_pairing_requests(Builder& builder,
                                                                const PairingRequests& requests) {
  using Row = PairingRequest;
  const auto id = numbers_of<std::uint64_t>(builder, requests, &Row::id);
  const auto channel = texts_of(builder, requests, &Row::channel);
  const auto account = texts_of(builder, requests, &Row::account);
  const auto sender_id = texts_of(builder, requests, &Row::sender_id);
  const auto sender_name = texts_of(builder, requests, &Row::sender_name);
  const auto code = texts_of(builder, requests, &Row::code);
  const auto created = numbers_of<std::int64_t>(builder, requests, &Row::created_wall_ms);
  const auto expires = numbers_of<std::uint64_t>(builder, requests, &Row::expires_ms);
  const auto expires_wall = numbers_of<std::int64_t>(builder, requests, &Row::expires_wall_ms);
  return fbs::CreatePairingRequests(builder, id, channel, account, sender_id, sender_name, code,
                                    created, expires, expires_wall);
}

flatbuffers::Offset<fbs::PairedSenders> save_paired_senders(Builder& builder,
                                                            const PairedSenders& senders) {
  const auto id = numbers_of<std::uint64_t>(builder, senders, &PairedSender::id);
  const auto channel = texts_of(builder, senders, &PairedSender::channel);
  const auto account = texts_of(builder, senders, &PairedSender::account);
  const auto sender_id = texts_of(builder, senders, &PairedSender::sender_id);
  return fbs::CreatePairedSenders(builder, id, channel, account, sender_id);
}

bool load_devices(const fbs::Devices* from, Tables& tables) {
  if (from == nullptr) return true;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kDevicesMax);
  TextField device_id{columns.texts(from->device_id(), limits::kNameBytesMax)};
  TextField public_key{columns.texts(from->public_key(), limits::kPublicKeyBytes)};
  TextField token_hash{columns.texts(from->token_hash(), limits::kTokenHashBytes)};
  TextField role{columns.texts(from->role(), limits::kNameBytesMax)};
  TextField scopes{columns.texts(from->scopes(), limits::kScopesBytesMax)};
  TextField label{columns.texts(from->label(), limits::kNameBytesMax)};
  TextField client_id{columns.texts(from->client_id(), limits::kNameBytesMax)};
  TextField client_mode{columns.texts(from->client_mode(), limits::kNameBytesMax)};
  TextField platform{columns.texts(from->platform(), limits::kNameBytesMax)};
  TextField device_family{columns.texts(from->device_family(), limits::kNameBytesMax)};
  TextField address{columns.texts(from->address(), limits::kNameBytesMax)};
  const auto vias = columns.numbers(from->via());
  const auto approved = columns.numbers(from->approved_wall_ms());
  const auto seen = columns.numbers(from->last_seen_wall_ms());
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    Device device{.id = ids[i],
                  .device_id = device_id.next(),
                  .public_key = public_key.next(),
                  .token_hash = token_hash.next(),
                  .role = role.next(),
                  .scopes = scopes.next(),
                  .label = label.next(),
                  .client_id = client_id.next(),
                  .client_mode = client_mode.next(),
                  .platform = platform.next(),
                  .device_family = device_family.next(),
                  .address = address.next(),
                  .via = static_cast<fb::ApprovedVia>(vias[i]),
                  .approved_wall_ms = approved[i],
                  .last_seen_wall_ms = seen[i]};
    if (tables.devices.find(device.device_id) != nullptr) return false;
    tables.devices.add(std::move(device));
  }
  return true;
}

bool load_pairing_requests(const fbs::PairingRequests* from, Tables& tables) {
  if (from == nullptr) return true;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kPairingRequestsMax);
  TextField channel{columns.texts(from->channel(), limits::kNameBytesMax)};
  TextField account{columns.texts(from->account(), limits::kNameBytesMax)};
  TextField sender_id{columns.texts(from->sender_id(), limits::kNameBytesMax)};
  TextField sender_name{columns.texts(from->sender_name(), limits::kNameBytesMax)};
  TextField code{columns.texts(from->code(), limits::kNameBytesMax)};
  const auto created = columns.numbers(from->created_wall_ms());
  const auto expires = columns.numbers(from->expires_ms());
  const auto expires_wall = columns.numbers(from->expires_wall_ms());
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    tables.pairing_requests.restore(PairingRequest{.id = ids[i],
                                                   .channel = channel.next(),
                                                   .account = account.next(),
                                                   .sender_id = sender_id.next(),
                                                   .sender_name = sender_name.next(),
                                                   .code = code.next(),
                                                   .created_wall_ms = created[i],
                                                   .expires_ms = expires[i],
                                                   .expires_wall_ms = expires_wall[i]});
  }
  return true;
}

bool load_paired_senders(const fbs::PairedSenders* from, Tables& tables) {
  if (from == nullptr) return true;
  Columns columns(tables.meta.applied.value);
  const auto ids = columns.ids(from->id(), limits::kPairedSendersMax);
  TextField channels{columns.texts(from->channel(), limits::kNameBytesMax)};
  TextField accounts{columns.texts(from->account(), limits::kNameBytesMax)};
  TextField senders{columns.texts(from->sender_id(), limits::kNameBytesMax)};
  if (!columns.good()) return false;
  for (std::size_t i = 0; i < ids.count(); ++i) {
    // Each as it was: rows that differ in case alone are rows of their own.
    tables.paired_senders.add(PairedSender{.id = ids[i],
                                           .channel = channels.next(),
                                           .account = accounts.next(),
                                           .sender_id = senders.next()},
                              IdCase::exact);
  }
  return true;
}

}  // namespace spine::core
