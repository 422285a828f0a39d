// What is told of devices, of senders who ask to be paired, and of the configuration.
#include "adapters/websocket/device_events.h"
#include "adapters/websocket/device_inputs.h"
#include "adapters/websocket/events.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/net_log.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"

namespace spine::net {

using pipeline::EventItem;

namespace {

// The device an event is about, and what became of it.
struct DeviceChange {
  std::string_view id{};
  std::string_view request{};  // DevicePaired: the request that was approved
  std::string_view why{};      // its connections end for this; empty = they stay
  ByteSpan token_hash{};       // those that hold this token stay; empty = none does
};

template <class Body>
const Body& body_of(const EventItem& item) {
  return *flatbuffers::GetRoot<Body>(item.event.body.data());
}

DeviceChange change_of(const EventItem& item) {
  switch (static_cast<fb::EventBody>(item.event.header.kind)) {
    case fb::EventBody::DevicePaired:
      return {.id = text_of(body_of<fb::DevicePaired>(item).device_id()),
              .request = text_of(body_of<fb::DevicePaired>(item).request())};
    case fb::EventBody::DeviceRenamed:
      return {.id = text_of(body_of<fb::DeviceRenamed>(item).device_id())};
    case fb::EventBody::DeviceRemoved:
      return {.id = text_of(body_of<fb::DeviceRemoved>(item).device_id()), .why = "device removed"};
    default: {
      // Whoever holds the old one is on no longer, nor is who holds no more than it did. Who is
      // given its first one while it connects is not cut off by that.
      const auto& body = body_of<fb::DeviceTokenChanged>(item);
      DeviceChange change{.id = text_of(body.device_id()), .why = "device token changed"};
      if (const auto* hash = body.token_hash(); hash != nullptr) {
        change.token_hash = {reinterpret_cast<const std::byte*>(hash->data()), hash->size()};
      }
      if (is_revoked(change.token_hash)) {
        change.why = "device token revoked";
        change.token_hash = {};
      }
      return change;
    }
  }
}

}  // namespace

void Events::devices(const EventItem& item) {
  const DeviceChange change = change_of(item);
  const bool approved = !change.request.empty();
  Push push{net_, approved ? "device.pair.resolved" : "device.pair.changed"};
  JsonWriter& json = push.json();
  json.begin_object();
  json.member("deviceId", change.id);
  if (approved) {
    json.member("requestId", change.request);
    json.member("decision", "approved");
  }
  json.member("ts", item.event.header.wall_ms);
  write_cursor(json, item.event.seq);
  json.end_object();
  deliver(push, item.event.seq, Audience::pairing, {});
  if (resuming_ != nullptr) return;
  if (approved) net_.device_requests.remove(change.request);
  if (!change.why.empty()) cut_device(net_, change.id, change.why, change.token_hash);
  if (item.event.header.kind == static_cast<std::uint16_t>(fb::EventBody::DevicePaired)) {
    ScopeSet scopes{};
    if (const auto* names = body_of<fb::DevicePaired>(item).scopes()) {
      for (const flatbuffers::String* name : *names)
        scopes = static_cast<ScopeSet>(scopes | static_cast<ScopeSet>(scope_of(text_of(name))));
    }
    cut_device_beyond(net_, change.id, scopes);
  }
}

constexpr std::size_t kPathBytesMax = 512;  // as sent; keys may be as long as the file

void Events::config_changed(const EventItem& item) {
  const auto& body = body_of<fb::ConfigChanged>(item);
  Push push{net_, "config.changed"};
  JsonWriter& json = push.json();
  json.begin_object();
  json.member("method", text_of(body.method()));
  json.key("changedPaths");
  json.begin_array();
  if (body.paths() != nullptr) {
    for (const flatbuffers::String* path : *body.paths())
      json.value(cut_escaped(text_of(path), kPathBytesMax));
  }
  json.end_array();
  json.member("ts", item.event.header.wall_ms);
  write_cursor(json, item.event.seq);
  json.end_object();
  deliver(push, item.event.seq, Audience::all, {});
}

void Events::channel_pairing(const EventItem& item) {
  const bool asked =
      item.event.header.kind == static_cast<std::uint16_t>(fb::EventBody::ChannelPairingRequested);
  Push push{net_, asked ? "channel.pair.requested" : "channel.pair.resolved"};
  JsonWriter& json = push.json();
  json.begin_object();
  if (asked) {
    const auto& body = body_of<fb::ChannelPairingRequested>(item);
    json.member("requestId", std::to_string(item.event.seq.value));
    json.member("channel", text_of(body.channel()));
    json.member("accountId", text_of(body.account()));
    json.member("senderId", text_of(body.sender_id()));
    json.member_if("senderLabel", text_of(body.sender_name()));
    json.member("code", text_of(body.code()));
    json.member("expiresAt", body.expires_wall_ms());
  } else {
    const auto& body = body_of<fb::ChannelPairingResolved>(item);
    json.member("requestId", std::to_string(body.request()));
    json.member("decision", body.approved() ? "approved" : "rejected");
  }
  json.member("ts", item.event.header.wall_ms);
  write_cursor(json, item.event.seq);
  json.end_object();
  deliver(push, item.event.seq, Audience::pairing, {});
}

// An admin answered a code on a channel: a device that waits may have it.
void Events::code_answered(const EventItem& item) {
  if (resuming_ != nullptr) return;
  const auto& body = body_of<fb::PairingCodeAnswered>(item);
  const DeviceRequest* request =
      net_.device_requests.find_code(text_of(body.code()), net_.now_ms());
  if (request == nullptr) {
    kLog.info("the code {} an admin answered is nobody's (any more)",
              printable(text_of(body.code())));
    return;
  }
  if (!body.approved()) {
    const DeviceRequest rejected = *request;
    net_.device_requests.remove(rejected.id);
    return push_device_resolved(net_, rejected.id, rejected.device_id, "rejected");
  }
  build_device_paired(net_, *request, fb::ApprovedVia::owner);
  net_.push_own(fb::EventBody::DevicePaired);
}

}  // namespace spine::net
