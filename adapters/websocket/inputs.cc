// Building of FlatBuffer bodies for what clients ask.
#include "adapters/websocket/inputs.h"

#include <vector>

#include "adapters/websocket/methods.h"
#include "adapters/websocket/put_text.h"

namespace spine::net {

std::vector<flatbuffers::Offset<flatbuffers::String>> scope_names(
    flatbuffers::FlatBufferBuilder& builder, ScopeSet scopes) {
  std::vector<flatbuffers::Offset<flatbuffers::String>> names;
  for (unsigned bit = 0; bit < 8; ++bit) {
    const auto scope = static_cast<ScopeSet>(1U << bit);
    if ((scopes & scope) != 0) names.push_back(put_text(builder, scope_name(Scope{scope})));
  }
  return names;
}

fb::EventBody build_operator_message(Context& net, std::uint32_t slot,
                                     const OperatorMessage& message) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const Client& client = *net.hub.table.client[slot];
    const bool system = message.via == fb::MessageVia::system;
    const auto channel = put_text(builder, system ? "system" : "webchat");
    const auto sender_id = put_text(builder, system ? "system" : "operator");
    const auto sender_name =
        put_text(builder, client.display_name.empty() ? client.id : client.display_name);
    const auto text = put_text(builder, message.text);
    const auto session_key = put_text(builder, message.session_key);
    const auto agent_id = put_text(builder, message.agent_id);
    const auto idempotency_key = put_text(builder, message.idempotency_key);
    const Bits128 random = net.entropy.next();
    const fb::Bits128 entropy{random.hi, random.lo};
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
    table.add_vouched(satisfies(net.hub.table.scopes[slot], Scope::admin));
    return table.Finish();
  });
}

fb::EventBody build_client_connected(Context& net, std::uint32_t slot) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const Client& client = *net.hub.table.client[slot];
    const bool device = !client.device_id.empty();
    const bool local = client.control_socket || client.auth_method == "none";
    const auto key = put_text(builder, device  ? std::string_view{client.device_id}
                                       : local ? "local"
                                               : "shared");
    const auto id = put_text(builder, client.id);
    const auto mode = put_text(builder, client.mode);
    const auto version = put_text(builder, client.version);
    const auto platform = put_text(builder, client.platform);
    const auto display_name = put_text(builder, client.display_name);
    const auto role = put_text(builder, client.role);
    const auto scopes = builder.CreateVector(scope_names(builder, net.hub.table.scopes[slot]));
    const auto address = put_text(builder, client.address);
    const auto method = put_text(builder, client.auth_method);
    const fb::Bits128 connection{client.connection.hi, client.connection.lo};
    fb::ClientConnectedBuilder table{builder};
    table.add_connection(&connection);
    table.add_principal_kind(device ? fb::PrincipalKind::device
                                    : fb::PrincipalKind::operator_token);
    table.add_principal_key(key);
    table.add_client_id(id);
    table.add_client_mode(mode);
    table.add_client_version(version);
    table.add_platform(platform);
    table.add_display_name(display_name);
    table.add_role(role);
    table.add_scopes(scopes);
    table.add_address(address);
    table.add_auth_method(method);
    return table.Finish();
  });
}

fb::EventBody build_client_disconnected(Context& net, std::uint32_t slot) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const Client& client = *net.hub.table.client[slot];
    const std::uint16_t seen = net.hub.table.close_code[slot];
    const fb::Bits128 connection{client.connection.hi, client.connection.lo};
    fb::ClientDisconnectedBuilder table{builder};
    table.add_connection(&connection);
    table.add_connected_ms(net.now_ms() - client.connected_ms);
    table.add_close_code(seen == 0 ? close_code::kNone : seen);
    return table.Finish();
  });
}

fb::EventBody build_run_aborted(Context& net, std::span<const std::uint64_t> runs) {
  return net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto list = builder.CreateVector(runs.data(), runs.size());
    return fb::CreateRunAborted(builder, list, fb::AbortReason::rpc);
  });
}

}  // namespace spine::net
