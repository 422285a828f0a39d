// Building of FlatBuffer bodies for what clients ask.
#include "adapters/websocket/protocol/inputs.h"

#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::net {
namespace {

using Bytes = flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>>;

Bytes put_bytes(flatbuffers::FlatBufferBuilder& builder, ByteSpan bytes) {
  if (bytes.empty()) return 0;
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

auto put_ids(flatbuffers::FlatBufferBuilder& builder, std::span<const std::string> ids) {
  return builder.CreateVectorOfStrings(std::vector<std::string>(ids.begin(), ids.end()));
}

flatbuffers::Offset<fb::DeliveryTarget> put_target(flatbuffers::FlatBufferBuilder& builder,
                                                   const SendPlace* place) {
  if (place == nullptr) return 0;
  const auto to = put_address(builder, *place);
  const auto channel = put_text(builder, place->channel);
  return fb::CreateDeliveryTarget(builder, channel, put_text(builder, place->account), to);
}

}  // namespace

std::vector<flatbuffers::Offset<flatbuffers::String>> scope_names(
    flatbuffers::FlatBufferBuilder& builder, ScopeSet scopes) {
  std::vector<flatbuffers::Offset<flatbuffers::String>> names;
  for_each_scope(scopes,
                 [&](Scope scope) { names.push_back(put_text(builder, scope_name(scope))); });
  return names;
}

flatbuffers::Offset<fb::Address> put_address(flatbuffers::FlatBufferBuilder& builder,
                                             const SendPlace& place) {
  const auto id = put_text(builder, place.id);
  const auto thread = put_text(builder, place.thread);
  return fb::CreateAddress(builder, place.conversation, id, thread,
                           put_text(builder, place.reply_to));
}

fb::EventBody build_operator_message(Context& net, std::uint32_t slot,
                                     const OperatorMessage& message) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const Client& client = *net.hub.table.client[slot];
    const bool system = message.via == fb::MessageVia::system;
    const auto channel = put_text(builder, system ? "system" : "webchat");
    const auto sender_id = put_text(builder, system ? "system" : "operator");
    const auto sender_name =
        put_text(builder, client.display_name.empty() ? client.client_id : client.display_name);
    const auto text = put_text(builder, message.text);
    const auto session_key = put_text(builder, message.session_key);
    const auto agent_id = put_text(builder, message.agent_id);
    const auto idempotency_key = put_text(builder, message.idempotency_key);
    const auto deliver = put_target(builder, message.deliver);
    const fb::Bits128 entropy = put_bits(net.entropy.next());
    fb::MessageReceivedBuilder table{builder};
    table.add_platform_ms(net.wall_ms);
    table.add_channel(channel);
    table.add_sender_id(sender_id);
    table.add_sender_name(sender_name);
    table.add_text(text);
    table.add_session_key(session_key);
    table.add_agent_id(agent_id);
    table.add_idempotency_key(idempotency_key);
    table.add_entropy(&entropy);
    table.add_via(message.via);
    table.add_conversation(fb::ConversationKind::direct);
    table.add_no_run(message.no_run);
    table.add_queue_mode(message.queue_mode);
    table.add_exact_ids(true);
    table.add_deliver(deliver);
    table.add_vouched(satisfies(net.hub.table.scopes[slot], Scope::admin));
    return table.Finish();
  });
}

fb::EventBody build_served_state(Context& net, std::string_view channel, std::string_view account,
                                 fb::ChannelState state, std::string_view problem) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto name = put_text(builder, channel);
    const auto of = put_text(builder, account);
    const auto why = put_text(builder, problem);
    return fb::CreateChannelStateChanged(builder, name, of, state, why, 0, true);
  });
}

fb::EventBody build_delivery_confirmed(Context& net, DeliveryId delivery, EffectId effect,
                                       std::span<const std::string> platform_ids) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto ids = put_ids(builder, platform_ids);
    return fb::CreateDeliveryConfirmed(builder, delivery.value, effect.seq.value, ids);
  });
}

fb::EventBody build_delivery_failed(Context& net, DeliveryId delivery, EffectId effect,
                                    const FailedAttempt& failed) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto reason = put_text(builder, cut_text(failed.reason, limits::kAgentMessageBytesMax));
    const auto ids = put_ids(builder, failed.platform_ids);
    return fb::CreateDeliveryFailed(builder, delivery.value, effect.seq.value, failed.kind, reason,
                                    failed.retry_after_ms, 0, ids);
  });
}

fb::EventBody build_device_paired(Context& net, const DeviceRequest& request, fb::ApprovedVia via,
                                  const Digest256* token) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto id = put_text(builder, request.device_id);
    const auto key = put_bytes(builder, as_bytes(request.public_key));
    const Bytes digest = token == nullptr ? 0 : put_bytes(builder, *token);
    const auto role = put_text(builder, request.role);
    const auto scopes = builder.CreateVector(scope_names(builder, request.scopes));
    const auto label = put_text(builder, request.display_name);
    const auto client_id = put_text(builder, request.client_id);
    const auto client_mode = put_text(builder, request.client_mode);
    const auto platform = put_text(builder, request.platform);
    const auto family = put_text(builder, request.device_family);
    const auto address = put_text(builder, request.address);
    return fb::CreateDevicePaired(builder, id, key, digest, role, scopes, label, client_id,
                                  client_mode, platform, family, address, via,
                                  put_text(builder, request.id));
  });
}

fb::EventBody build_device_token(Context& net, std::string_view device_id, const Digest256& digest,
                                 ScopeSet scopes) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto id = put_text(builder, device_id);
    const Bytes token = put_bytes(builder, digest);
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> names = 0;
    if (scopes != 0) names = builder.CreateVector(scope_names(builder, scopes));
    return fb::CreateDeviceTokenChanged(builder, id, token, names);
  });
}

}  // namespace spine::net
