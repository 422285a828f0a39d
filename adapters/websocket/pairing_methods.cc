// channels.pairing.*: senders who wrote to a channel that asks for pairing.
#include <charconv>
#include <string>

#include "adapters/websocket/device_inputs.h"
#include "adapters/websocket/methods.h"

namespace spine::net {
namespace {

using core::ReplyCode;

constexpr std::int64_t kPendingPerAccount = 3;
constexpr std::int64_t kPairingTtlMs = 3'600'000;

void write_channel_request(JsonWriter& json, const core::PairingView& request) {
  json.member("requestId", std::to_string(request.request.value));
  json.member("channel", request.channel);
  json.member("accountId", request.account);
  json.member("senderId", request.sender_id);
  json.member("senderLabel", request.sender_name.empty() ? request.sender_id : request.sender_name);
  json.member("code", request.code);
  json.member("createdAt", request.created_wall_ms);
  json.member("lastSeenAt", request.created_wall_ms);
  json.member("expiresAt", request.expires_wall_ms);
}

void channels_pairing_list(Call& call) {
  call.ask({.kind = pipeline::input_kind::kQueryPairing},
           [](Responder& to, const pipeline::PairingItem& item) {
             to.respond([&](JsonWriter& json) {
               json.member_raw("accounts", "[]");
               json.objects("requests", item.requests, [&](const core::PairingView& row) {
                 write_channel_request(json, row);
               });
               json.member("commandOwnerConfigured", !to.net.config().admins.empty());
               json.object("limits", [&] {
                 json.member("pendingPerAccount", kPendingPerAccount);
                 json.member("ttlMs", kPairingTtlMs);
               });
             });
           });
}

// A request's id is the seq it was made with; 0 = the text is none.
std::uint64_t pairing_request_of(std::string_view id) {
  std::uint64_t seq = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), seq);
  return error == std::errc{} && end == id.data() + id.size() ? seq : 0;
}

bool is_pairing_request(std::string_view id) {
  return pairing_request_of(id) != 0;
}

void resolve_pairing(Call& call, bool approved) {
  const fb::EventBody kind = call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    return fb::CreateChannelPairingResolved(builder, pairing_request_of(call.text("requestId")),
                                            approved, approved_via(call.client()));
  });
  call.submit(kind, [id = std::string{call.text("requestId")}, approved](
                        Responder& to, const pipeline::ReplyItem& item) {
    if (item.reply.code == ReplyCode::not_found) {
      return to.refuse("unknown requestId: " + id + " (requests end after an hour)",
                       "PAIRING_REQUEST_NOT_FOUND", "unknown_request");
    }
    if (item.reply.code == ReplyCode::rejected) {
      return to.refuse({.code = error_code::kUnavailable,
                        .message = "the table of paired senders is full",
                        .details = details_of("PAIRED_SENDERS_FULL", "table_full")});
    }
    if (!to.accepted(item)) return;
    to.respond([&](JsonWriter& json) {
      json.member("ok", true);
      json.member("requestId", id);
      json.member("approved", approved);
    });
  });
}

void channels_pairing_approve(Call& call) {
  resolve_pairing(call, true);
}
void channels_pairing_dismiss(Call& call) {
  resolve_pairing(call, false);
}

constexpr Param kPairingRequest{.name = "requestId",
                                .required = true,
                                .min = 1,
                                .max = 32,
                                .fits = is_pairing_request,
                                .or_else = "must be the id of a request"};

constexpr Method kPairingMethods[]{
    {"channels.pairing.list", Scope::pairing, {}, channels_pairing_list},
    {"channels.pairing.approve", Scope::pairing, {kPairingRequest}, channels_pairing_approve},
    {"channels.pairing.dismiss", Scope::pairing, {kPairingRequest}, channels_pairing_dismiss},
};

}  // namespace

std::span<const Method> pairing_methods() {
  return kPairingMethods;
}

}  // namespace spine::net
