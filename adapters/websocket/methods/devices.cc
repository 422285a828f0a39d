// device.pair.*, device.token.* and channels.pairing.*: who is paired, who asks to be, and what
// they may do.
#include "adapters/websocket/protocol/devices.h"

#include <charconv>
#include <span>
#include <string>

#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/entropy.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/net_log.h"
#include "schemas/vocab/show.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;
using core::ReplyCode;

constexpr std::uint64_t kDevicesListed = 1'024;

// Nobody hands out what they do not have themselves.
bool may_grant(const Call& call, ScopeSet scopes) {
  Scope lacking = Scope::none;
  for_each_scope(scopes, [&](Scope scope) {
    if (lacking == Scope::none && !call.may(scope)) lacking = scope;
  });
  if (lacking != Scope::none) call.refuse_scope(lacking);
  return lacking == Scope::none;
}

// With the pairing scope alone a device may pair others, but manage only itself: only an admin may
// rename or remove another device or change its token, or else the pairing scope would be as
// powerful as admin. Every method that changes a paired device checks this.
bool may_manage(const Call& call, std::string_view device_id) {
  const std::string& own = call.client().device_id;
  if (call.may(Scope::admin) || (!own.empty() && own == device_id)) return true;
  call.refuse_scope(Scope::admin);
  return false;
}

void refuse_unknown_device(const Responder& to, const std::string& id) {
  to.refuse("unknown deviceId: " + id, "DEVICE_NOT_FOUND", "unknown_device");
}

// False when the reply was a refusal, which is then answered.
bool device_accepted(const Responder& to, const std::string& id, const pipeline::ReplyItem& item) {
  if (item.reply.code == ReplyCode::not_found) {
    refuse_unknown_device(to, id);
    return false;
  }
  if (item.reply.code == ReplyCode::rejected) {
    to.refuse({.code = error_code::kUnavailable,
               .message = "the table of devices is full: remove some",
               .details = details_of("DEVICES_FULL", "table_full")});
    return false;
  }
  return to.accepted(item);
}

void device_pair_list(Call& call) {
  call.ask({.kind = input_kind::kQueryDevices, .b = kDevicesListed},
           [](Responder& to, const pipeline::DevicesItem& item) {
             to.respond([&](JsonWriter& json) {
               // Requests are not in the journal: nobody knows who asked in the past.
               std::span<const DeviceRequest> pending{};
               if (!to.as_of.seq) pending = to.net.device_requests.all(to.net.now_ms());
               json.objects("pending", pending,
                            [&](const DeviceRequest& row) { write_device_request(json, row); });
               json.objects("paired", item.devices,
                            [&](const core::DeviceView& row) { write_device(json, row); });
             });
           });
}

// The request that is named; nullptr, with the refusal sent, when it is gone.
const DeviceRequest* find_request(Call& call) {
  const std::string_view id = call.text("requestId");
  const DeviceRequest* request = call.net.device_requests.find(id, call.net.now_ms());
  if (request == nullptr) {
    call.refuse("unknown requestId: " + std::string{id} + " (requests end after 5 minutes)",
                "PAIRING_REQUEST_NOT_FOUND", "unknown_request");
  }
  return request;
}

fb::ApprovedVia approved_via(const Call& call) {
  return call.client().control_socket ? fb::ApprovedVia::control_socket : fb::ApprovedVia::client;
}

void device_pair_approve(Call& call) {
  const DeviceRequest* request = find_request(call);
  if (request == nullptr || !may_grant(call, request->scopes)) return;
  call.submit(build_device_paired(call.net, *request, approved_via(call)),
              [request_id = request->id, id = request->device_id](Responder& to,
                                                                  const pipeline::ReplyItem& item) {
                if (!device_accepted(to, id, item)) return;
                to.respond([&](JsonWriter& json) {
                  json.member("requestId", request_id);
                  json.object("device", [&] {
                    json.member("deviceId", id);
                    json.member("approvedAtMs", to.net.wall_ms);
                  });
                });
              });
}

void device_pair_reject(Call& call) {
  const DeviceRequest* request = find_request(call);
  if (request == nullptr) return;
  const DeviceRequest rejected = *request;
  kLog.info("device {:.16} was rejected", printable(rejected.device_id));
  reject_device(call.net, *request);
  call.respond([&](JsonWriter& json) {
    json.member("requestId", rejected.id);
    json.member("deviceId", rejected.device_id);
  });
}

// Hands in what was built; answers with the device and the label it got, if any.
void change_device(Call& call, fb::EventBody kind, std::string_view new_label) {
  call.submit(kind, [id = std::string{call.text("deviceId")}, label = std::string{new_label}](
                        Responder& to, const pipeline::ReplyItem& item) {
    if (!device_accepted(to, id, item)) return;
    to.respond([&](JsonWriter& json) {
      json.member("ok", true);
      json.member("deviceId", id);
      json.member_if("label", label);
    });
  });
}

void device_pair_remove(Call& call) {
  const std::string_view device_id = call.text("deviceId");
  if (!may_manage(call, device_id)) return;
  const fb::EventBody kind = call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    return fb::CreateDeviceRemoved(builder, put_text(builder, device_id));
  });
  change_device(call, kind, {});
}

void device_pair_rename(Call& call) {
  if (!may_manage(call, call.text("deviceId"))) return;
  const fb::EventBody kind = call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    const auto id = put_text(builder, call.text("deviceId"));
    const auto label = put_text(builder, call.text("label"));
    return fb::CreateDeviceRenamed(builder, id, label);
  });
  change_device(call, kind, call.text("label"));
}

// The scopes that are asked for; complains about what is none.
ScopeSet read_scope_list(Call& call) {
  ScopeSet wanted{};
  if (!call.given("scopes")) return wanted;
  for (const simdjson::dom::element element : call.list("scopes")) {
    std::string_view name;
    if (element.get(name) != simdjson::SUCCESS || scope_of(name) == Scope::none) {
      call.complain("scopes", "items must be scopes of operators");
      break;
    }
    add_scope(wanted, scope_of(name));
  }
  return wanted;
}

void rotate_token(Responder& client, const std::string& id, ScopeSet scopes) {
  std::string token = new_device_token();
  const fb::EventBody kind = build_device_token(client.net, id, sha256_of(token), scopes);
  client.submit(
      kind, [id, token = std::move(token), scopes](Responder& to, const pipeline::ReplyItem& item) {
        if (!device_accepted(to, id, item)) return;
        to.respond([&](JsonWriter& json) {
          json.member("deviceId", id);
          json.member("role", "operator");
          json.member("token", token);
          write_scopes(json, "scopes", scopes);
          json.member("rotatedAtMs", to.net.wall_ms);
        });
      });
}

// Looks the device up first: its scopes decide who may give it a token.
void device_token_rotate(Call& call) {
  const std::string_view device_id = call.text("deviceId");
  const ScopeSet asked = read_scope_list(call);
  if (!call.params.ok() || !may_manage(call, device_id) || !may_grant(call, asked)) return;
  call.ask({input_kind::kQueryDevice, device_id},
           [id = std::string{device_id}, asked](Responder& to, const pipeline::DevicesItem& item) {
             if (item.devices.empty()) return refuse_unknown_device(to, id);
             const ScopeSet has = scopes_of(item.devices.front().scopes);
             const ScopeSet wanted = asked == 0 ? has : asked;
             if (!covers(has, wanted)) {
               return to.refuse("the device was not approved for these scopes: pair it anew");
             }
             if (!covers(to.net.hub.table.scopes[to.slot], wanted)) {
               return to.refuse_scope(Scope::admin);
             }
             rotate_token(to, id, wanted);
           });
}

void device_token_revoke(Call& call) {
  const std::string_view device_id = call.text("deviceId");
  if (!may_manage(call, device_id)) return;
  call.submit(build_device_token(call.net, device_id, Digest256{}, {}),
              [id = std::string{device_id}](Responder& to, const pipeline::ReplyItem& item) {
                if (!device_accepted(to, id, item)) return;
                to.respond([&](JsonWriter& json) {
                  json.member("deviceId", id);
                  json.member("role", "operator");
                  json.member("revokedAtMs", to.net.wall_ms);
                });
              });
}

// ---- Senders who wrote to a channel that asks for pairing.

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
  call.ask(
      {.kind = input_kind::kQueryPairing}, [](Responder& to, const pipeline::PairingItem& item) {
        to.respond([&](JsonWriter& json) {
          json.member_raw("accounts", "[]");
          json.objects("requests", item.requests,
                       [&](const core::PairingView& row) { write_channel_request(json, row); });
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

template <bool kApproved>
void resolve_pairing(Call& call) {
  const fb::EventBody kind = call.net.build([&](flatbuffers::FlatBufferBuilder& builder) {
    return fb::CreateChannelPairingResolved(builder, pairing_request_of(call.text("requestId")),
                                            kApproved, approved_via(call));
  });
  call.submit(kind, [id = std::string{call.text("requestId")}](Responder& to,
                                                               const pipeline::ReplyItem& item) {
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
      json.member("approved", kApproved);
    });
  });
}

constexpr Param kPairingRequest{.name = "requestId",
                                .required = true,
                                .min = 1,
                                .max = 32,
                                .fits = is_pairing_request,
                                .or_else = "must be the id of a request"};

constexpr Param kRequestId = required_text("requestId", 128);
constexpr Param kDeviceId = required_text("deviceId", 128);
constexpr Param kRole = optional_text("role", limits::kNameBytesMax);

constexpr Method kDeviceMethods[]{
    {"channels.pairing.list", Scope::pairing, {}, channels_pairing_list, kPast},
    {"channels.pairing.approve", Scope::pairing, {kPairingRequest}, resolve_pairing<true>},
    {"channels.pairing.dismiss", Scope::pairing, {kPairingRequest}, resolve_pairing<false>},
    {"device.pair.list", Scope::pairing, {}, device_pair_list, kPast},
    {"device.pair.approve", Scope::pairing, {kRequestId}, device_pair_approve},
    {"device.pair.reject", Scope::pairing, {kRequestId}, device_pair_reject},
    {"device.pair.remove", Scope::pairing, {kDeviceId}, device_pair_remove},
    {"device.pair.rename",
     Scope::pairing,
     {kDeviceId, required_text("label", limits::kNameBytesMax)},
     device_pair_rename},
    {"device.token.rotate",
     Scope::pairing,
     {kDeviceId, kRole, list("scopes")},
     device_token_rotate},
    {"device.token.revoke", Scope::pairing, {kDeviceId, kRole}, device_token_revoke},
};

}  // namespace

std::span<const Method> device_methods() {
  return kDeviceMethods;
}

}  // namespace spine::net
