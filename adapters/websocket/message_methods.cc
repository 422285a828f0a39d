// channel.message: the method bridges feed the gateway with.
#include "adapters/websocket/message_methods.h"

#include <string>

#include "adapters/websocket/respond.h"

namespace spine::net {
namespace {

// The bridge tells the sender the code, once: when isNew.
void refuse_unpaired(Answer& answer, const pipeline::ReplyItem& item) {
  std::string details;
  http::JsonWriter json{details};
  json.begin_object();
  json.member("code", "MESSAGE_REJECTED");
  json.member("reason", "unpaired");
  json.key("pairing");
  json.begin_object();
  json.member("requestId", std::to_string(item.reply.pairing.value));
  json.member("code", item.pairing_code);
  json.member("expiresAt", item.pairing_expires_wall_ms);
  json.member("isNew", item.reply.pairing_new);
  json.end_object();
  json.end_object();
  refuse(answer.net, answer.slot, answer.id(),
         {.code = error_code::kForbidden,
          .message = "the sender is not paired",
          .details = std::move(details)});
}

}  // namespace

void accept_channel_message(Context& net, std::uint32_t slot, std::string_view id,
                            const ChannelMessage& message) {
  static const Method* const method = find_method("channel.message");
  const Bridge bridge{.principal = PrincipalId{net.hub.table.principal[slot]},
                      .vouches = satisfies(net.hub.table.scopes[slot], Scope::admin)};
  build_channel_message(message, net.entropy.next(), bridge, net.builder);
  const std::uint64_t number = net.pending.add(net.hub.table.ref(slot), method, id);
  net.push(fb::EventBody::MessageReceived, slot, number);
}

namespace handlers {

void channel_message(Call& call) {
  ChannelMessage message{};
  read_channel_message(call.params, message);
  if (!call.valid()) return;
  accept_channel_message(call.net, call.slot, call.id, message);
}

void on_channel_message(Answer& answer, const pipeline::ReplyItem& item) {
  const core::Reply& reply = item.reply;
  if (reply.code == core::ReplyCode::rejected && reply.pairing) {
    return refuse_unpaired(answer, item);
  }
  const bool duplicate = reply.code == core::ReplyCode::duplicate;
  if (reply.code != core::ReplyCode::accepted && !duplicate) return refuse_reply(answer, item);
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  if (duplicate) {
    json.member("duplicate", true);
    json.member("seq", reply.seq.value);
  } else {
    json.member("seq", reply.seq.value);
    json.member("sessionKey", item.session_key);
    json.member_if("runId", item.run_key);
    write_command(json, item);
    write_waits_behind(json, item, answer.net.wall_ms);
  }
  json.end_object();
  response.send();
}

}  // namespace handlers
}  // namespace spine::net
