// Building of FlatBuffer bodies about devices.
#include "adapters/websocket/device_inputs.h"

#include "adapters/websocket/credentials.h"
#include "adapters/websocket/inputs.h"
#include "adapters/websocket/put_text.h"

namespace spine::net {
namespace {

// What a DevicePaired says. Borrowed.
struct PairedDevice {
  std::string_view id{};
  std::string_view public_key{};  // raw
  const Digest256* token{};
  std::string_view role{};
  ScopeSet scopes{};
  std::string_view label{};
  std::string_view client_id{};
  std::string_view client_mode{};
  std::string_view platform{};
  std::string_view device_family{};
  std::string_view address{};
  std::string_view request{};
  fb::ApprovedVia via{};
};

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> put_bytes(
    flatbuffers::FlatBufferBuilder& builder, const void* bytes, std::size_t count) {
  if (count == 0) return 0;
  return builder.CreateVector(static_cast<const std::uint8_t*>(bytes), count);
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> put_digest(
    flatbuffers::FlatBufferBuilder& builder, const Digest256* digest) {
  return digest == nullptr ? 0 : put_bytes(builder, digest->data(), digest->size());
}

fb::EventBody build(Context& net, const PairedDevice& device) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto id = put_text(builder, device.id);
    const auto key = put_bytes(builder, device.public_key.data(), device.public_key.size());
    const auto token = put_digest(builder, device.token);
    const auto role = put_text(builder, device.role);
    const auto scopes = builder.CreateVector(scope_names(builder, device.scopes));
    const auto label = put_text(builder, device.label);
    const auto client_id = put_text(builder, device.client_id);
    const auto client_mode = put_text(builder, device.client_mode);
    const auto platform = put_text(builder, device.platform);
    const auto family = put_text(builder, device.device_family);
    const auto address = put_text(builder, device.address);
    const auto request = put_text(builder, device.request);
    return fb::CreateDevicePaired(builder, id, key, token, role, scopes, label, client_id,
                                  client_mode, platform, family, address, device.via, request);
  });
}

}  // namespace

fb::EventBody build_device_paired(Context& net, std::uint32_t slot) {
  const Client& client = *net.hub.table.client[slot];
  const Joining& joining = *client.joining;
  const ConnectParams& params = joining.params;
  const std::string key = raw_public_key(params.device);
  const Digest256 token = sha256_of(joining.issued_token);
  return build(net, {.id = params.device.id,
                     .public_key = key,
                     .token = &token,
                     .role = params.role.empty() ? "operator" : std::string_view{params.role},
                     .scopes = joining.paired_scopes,
                     .label = params.display_name,
                     .client_id = params.client_id,
                     .client_mode = params.client_mode,
                     .platform = params.platform,
                     .device_family = params.device_family,
                     .address = client.address,
                     .via = fb::ApprovedVia::shared_secret});
}

fb::EventBody build_device_paired(Context& net, const DeviceRequest& request, fb::ApprovedVia via) {
  return build(net, {.id = request.device_id,
                     .public_key = request.public_key,
                     .role = request.role,
                     .scopes = request.scopes,
                     .label = request.display_name,
                     .client_id = request.client_id,
                     .client_mode = request.client_mode,
                     .platform = request.platform,
                     .device_family = request.device_family,
                     .address = request.address,
                     .request = request.id,
                     .via = via});
}

fb::EventBody build_device_token(Context& net, std::string_view device_id, const Digest256& digest,
                                 ScopeSet scopes) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto id = put_text(builder, device_id);
    const auto token = put_digest(builder, &digest);
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> names = 0;
    if (scopes != 0) names = builder.CreateVector(scope_names(builder, scopes));
    return fb::CreateDeviceTokenChanged(builder, id, token, names);
  });
}

}  // namespace spine::net
