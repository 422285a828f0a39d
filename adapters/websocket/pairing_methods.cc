// channels.pairing.*: senders who wrote to a channel that asks for pairing.
#include <charconv>
#include <string>

#include "adapters/websocket/device_inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr std::int64_t kPendingPerAccount = 3;
constexpr std::int64_t kPairingTtlMs = 3'600'000;

void write_channel_request(http::JsonWriter& json, const core::PairingView& request) {
  json.begin_object();
  json.member("requestId", std::to_string(request.request.value));
  json.member("channel", request.channel);
  json.member("accountId", request.account);
  json.member("senderId", request.sender_id);
  json.member("senderLabel", request.sender_name.empty() ? request.sender_id : request.sender_name);
  json.member("code", request.code);
  json.member("createdAt", request.created_wall_ms);
  json.member("lastSeenAt", request.created_wall_ms);
  json.member("expiresAt", request.expires_wall_ms);
  json.end_object();
}

void resolve(Call& call, bool approved) {
  const std::string_view id =
      call.params.text("requestId", {.required = true, .bytes_min = 1, .bytes_max = 32});
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), seq);
  if (call.valid() && (error != std::errc{} || end != id.data() + id.size() || seq == 0)) {
    call.params.complain("requestId", "must be the id of a request");
  }
  if (!call.valid()) return;
  const bool local = call.net.hub.table.client[call.slot]->control_socket;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.text = id;
  more.flag = approved;
  build_channel_pairing_resolved(call.net, seq, approved,
                                 local ? fb::ApprovedVia::control_socket : fb::ApprovedVia::client);
  call.net.push(fb::EventBody::ChannelPairingResolved, call.slot, number);
}

}  // namespace

void channels_pairing_list(Call& call) {
  call.net.query(pipeline::input_kind::kQueryPairing, call.slot, call.pend(), {});
}

void on_channels_pairing_list(Answer& answer, const pipeline::PairingItem& item) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member_raw("accounts", "[]");
  json.key("requests");
  json.begin_array();
  for (const core::PairingView& request : item.requests)
    write_channel_request(json, request);
  json.end_array();
  json.member("commandOwnerConfigured", !answer.net.config().admins.empty());
  json.key("limits");
  json.begin_object();
  json.member("pendingPerAccount", kPendingPerAccount);
  json.member("ttlMs", kPairingTtlMs);
  json.end_object();
  json.end_object();
  response.send();
}

void channels_pairing_approve(Call& call) {
  resolve(call, true);
}

void channels_pairing_dismiss(Call& call) {
  resolve(call, false);
}

void on_channels_pairing_resolved(Answer& answer, const pipeline::ReplyItem& item) {
  const PendingMore& more = answer.request().extra();
  if (item.reply.code == ReplyCode::not_found) {
    return refuse(answer.net, answer.slot, answer.id(),
                  {.message = "unknown requestId: " + more.text + " (requests end after an hour)",
                   .details = details_of("PAIRING_REQUEST_NOT_FOUND", "unknown_request")});
  }
  if (item.reply.code == ReplyCode::rejected) {
    return refuse(answer.net, answer.slot, answer.id(),
                  {.code = error_code::kUnavailable,
                   .message = "the table of paired senders is full",
                   .details = details_of("PAIRED_SENDERS_FULL", "table_full")});
  }
  if (item.reply.code != ReplyCode::accepted) return refuse_reply(answer, item);
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("requestId", more.text);
  json.member("approved", more.flag);
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
