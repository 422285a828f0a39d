// device.pair.* and device.token.*: who is paired, who asks to be, and what they may do.
#include <string>

#include "adapters/websocket/credentials.h"
#include "adapters/websocket/device_events.h"
#include "adapters/websocket/device_inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/net_log.h"
#include "adapters/websocket/respond.h"
#include "schemas/vocab/show.h"

namespace spine::net::handlers {
namespace {

using core::ReplyCode;

constexpr TextRule kRequestId{.required = true, .bytes_min = 1, .bytes_max = 128};
constexpr TextRule kDeviceId{.required = true, .bytes_min = 1, .bytes_max = 128};
constexpr std::uint64_t kDevicesListed = 1'024;

fb::ApprovedVia via_of(const Call& call) {
  return call.net.hub.table.client[call.slot]->control_socket ? fb::ApprovedVia::control_socket
                                                              : fb::ApprovedVia::client;
}

// Nobody hands out what they do not have themselves.
bool may_grant(Call& call, ScopeSet scopes) {
  const ScopeSet own = call.net.hub.table.scopes[call.slot];
  for (unsigned bit = 0; bit < 8; ++bit) {
    const auto scope = static_cast<ScopeSet>(1U << bit);
    if ((scopes & scope) == 0 || satisfies(own, Scope{scope})) continue;
    refuse_scope(call.net, call.slot, call.id, Scope{scope});
    return false;
  }
  return true;
}

// With the pairing scope alone a device lets others in and manages nobody but itself: the name, the
// token and the place of another's are an admin's to change, or the pairing scope would do as well
// as admin's. Every method that changes a paired device asks this.
bool may_manage(Call& call, std::string_view device_id) {
  if (satisfies(call.net.hub.table.scopes[call.slot], Scope::admin)) return true;
  const std::string& own = call.net.hub.table.client[call.slot]->device_id;
  if (!own.empty() && own == device_id) return true;
  refuse_scope(call.net, call.slot, call.id, Scope::admin);
  return false;
}

void refuse_unknown_request(Call& call, std::string_view id) {
  refuse(call.net, call.slot, call.id,
         {.message = "unknown requestId: " + std::string{id} + " (requests end after 5 minutes)",
          .details = details_of("PAIRING_REQUEST_NOT_FOUND", "unknown_request")});
}

void refuse_unknown_device(Answer& answer) {
  refuse(answer.net, answer.slot, answer.id(),
         {.message = "unknown deviceId: " + answer.request().extra().text,
          .details = details_of("DEVICE_NOT_FOUND", "unknown_device")});
}

// False when the reply was a refusal, which is then answered.
bool accepted(Answer& answer, const pipeline::ReplyItem& item) {
  if (item.reply.code == ReplyCode::accepted) return true;
  if (item.reply.code == ReplyCode::not_found) {
    refuse_unknown_device(answer);
    return false;
  }
  if (item.reply.code == ReplyCode::rejected) {
    refuse(answer.net, answer.slot, answer.id(),
           {.code = error_code::kUnavailable,
            .message = "the table of devices is full: remove some",
            .details = details_of("DEVICES_FULL", "table_full")});
    return false;
  }
  refuse_reply(answer, item);
  return false;
}

// {ok, deviceId}: what renaming and removing say.
void answer_device(Answer& answer) {
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("ok", true);
  json.member("deviceId", answer.request().extra().text);
  json.member_if("label", answer.request().extra().name);
  json.end_object();
  response.send();
}

}  // namespace

void device_pair_list(Call& call) {
  call.net.query(pipeline::input_kind::kQueryDevices, call.slot, call.pend(), {}, 0,
                 kDevicesListed);
}

void on_device_pair_list(Answer& answer, const pipeline::DevicesItem& item) {
  Context& net = answer.net;
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.key("pending");
  json.begin_array();
  for (const DeviceRequest& request : net.device_requests.all(net.now_ms()))
    write_device_request(json, request);
  json.end_array();
  json.key("paired");
  json.begin_array();
  for (const core::DeviceView& device : item.devices)
    write_device(json, device);
  json.end_array();
  json.end_object();
  response.send();
}

void device_pair_approve(Call& call) {
  const std::string_view id = call.params.text("requestId", kRequestId);
  if (!call.valid()) return;
  const DeviceRequest* request = call.net.device_requests.find(id, call.net.now_ms());
  if (request == nullptr) return refuse_unknown_request(call, id);
  if (!may_grant(call, request->scopes)) return;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.name = request->id;
  more.text = request->device_id;
  build_device_paired(call.net, *request, via_of(call));
  call.net.push(fb::EventBody::DevicePaired, call.slot, number);
}

void on_device_pair_approve(Answer& answer, const pipeline::ReplyItem& item) {
  if (!accepted(answer, item)) return;
  Context& net = answer.net;
  const PendingMore& more = answer.request().extra();
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("requestId", more.name);
  json.key("device");
  json.begin_object();
  json.member("deviceId", more.text);
  json.member("approvedAtMs", net.wall_ms);
  json.end_object();
  json.end_object();
  response.send();
}

void device_pair_reject(Call& call) {
  const std::string_view id = call.params.text("requestId", kRequestId);
  if (!call.valid()) return;
  const DeviceRequest* request = call.net.device_requests.find(id, call.net.now_ms());
  if (request == nullptr) return refuse_unknown_request(call, id);
  const DeviceRequest rejected = *request;
  call.net.device_requests.remove(id);
  kLog.info("device {:.16} was rejected", printable(rejected.device_id));
  push_device_resolved(call.net, rejected.id, rejected.device_id, "rejected");
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("requestId", rejected.id);
  json.member("deviceId", rejected.device_id);
  json.end_object();
  response.send();
}

void device_pair_remove(Call& call) {
  const std::string_view id = call.params.text("deviceId", kDeviceId);
  if (!call.valid() || !may_manage(call, id)) return;
  const std::uint64_t number = call.pend();
  call.net.pending.at(number).extra().text = id;
  build_device_removed(call.net, id);
  call.net.push(fb::EventBody::DeviceRemoved, call.slot, number);
}

void device_pair_rename(Call& call) {
  const std::string_view id = call.params.text("deviceId", kDeviceId);
  const std::string_view label = call.params.text(
      "label", {.required = true, .bytes_min = 1, .bytes_max = limits::kNameBytesMax});
  if (!call.valid() || !may_manage(call, id)) return;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.text = id;
  more.name = label;
  build_device_renamed(call.net, id, label);
  call.net.push(fb::EventBody::DeviceRenamed, call.slot, number);
}

void on_device_changed(Answer& answer, const pipeline::ReplyItem& item) {
  if (accepted(answer, item)) answer_device(answer);
}

namespace {

// Looks at the device first: what it may do decides who may give it a token.
void ask_device(Call& call) {
  const std::string_view id = call.params.text("deviceId", kDeviceId);
  call.params.text("role", {.bytes_max = limits::kNameBytesMax});
  simdjson::dom::array scopes;
  ScopeSet wanted{};
  if (call.params.array("scopes", scopes)) {
    for (const simdjson::dom::element element : scopes) {
      std::string_view name;
      if (element.get(name) != simdjson::SUCCESS || scope_of(name) == Scope::none) {
        call.params.complain("scopes", "items must be scopes of operators");
        break;
      }
      wanted = static_cast<ScopeSet>(wanted | static_cast<ScopeSet>(scope_of(name)));
    }
  }
  if (!call.valid() || !may_manage(call, id) || !may_grant(call, wanted)) return;
  const std::uint64_t number = call.pend();
  PendingMore& more = call.net.pending.at(number).extra();
  more.text = id;
  more.a = wanted;
  call.net.query(pipeline::input_kind::kQueryDevice, call.slot, number, id);
}

}  // namespace

void device_token_rotate(Call& call) {
  ask_device(call);
}

void on_device_token_rotate_found(Answer& answer, const pipeline::DevicesItem& item) {
  if (item.devices.empty()) return refuse_unknown_device(answer);
  PendingMore& more = answer.request().extra();
  const core::DeviceView& device = item.devices.front();
  const ScopeSet has = scopes_of(device.scopes);
  const auto wanted = static_cast<ScopeSet>(more.a == 0 ? has : more.a);
  if (!covers(has, wanted)) {
    return refuse_invalid(answer.net, answer.slot, answer.id(),
                          "the device was not approved for these scopes: pair it anew");
  }
  if (!covers(answer.net.hub.table.scopes[answer.slot], wanted)) {
    return refuse_scope(answer.net, answer.slot, answer.id(), Scope::admin);
  }
  more.name = new_device_token();
  more.a = wanted;
  const Digest256 digest = sha256_of(more.name);
  build_device_token(answer.net, more.text, digest, wanted);
  answer.net.push(fb::EventBody::DeviceTokenChanged, answer.slot, answer.number);
  answer.keep = true;
}

void on_device_token_rotate(Answer& answer, const pipeline::ReplyItem& item) {
  if (!accepted(answer, item)) return;
  const PendingMore& more = answer.request().extra();
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("deviceId", more.text);
  json.member("role", "operator");
  json.member("token", more.name);
  json.key("scopes");
  write_scopes(json, static_cast<ScopeSet>(more.a));
  json.member("rotatedAtMs", answer.net.wall_ms);
  json.end_object();
  response.send();
}

void device_token_revoke(Call& call) {
  const std::string_view id = call.params.text("deviceId", kDeviceId);
  call.params.text("role", {.bytes_max = limits::kNameBytesMax});
  if (!call.valid() || !may_manage(call, id)) return;
  const std::uint64_t number = call.pend();
  call.net.pending.at(number).extra().text = id;
  build_device_token(call.net, id, Digest256{}, {});
  call.net.push(fb::EventBody::DeviceTokenChanged, call.slot, number);
}

void on_device_token_revoke(Answer& answer, const pipeline::ReplyItem& item) {
  if (!accepted(answer, item)) return;
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("deviceId", answer.request().extra().text);
  json.member("role", "operator");
  json.member("revokedAtMs", answer.net.wall_ms);
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
