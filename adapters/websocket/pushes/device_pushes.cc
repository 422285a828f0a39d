// What is told of devices, of senders who ask to be paired, and of the configuration.
#include "adapters/websocket/pushes/device_pushes.h"

#include <string>

#include "adapters/websocket/protocol/devices.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/net_log.h"
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

DeviceChange change_of(const EventItem& item) {
  switch (static_cast<fb::EventBody>(item.event.header.kind)) {
    case fb::EventBody::DevicePaired:
      return {.id = text_of(root_of<fb::DevicePaired>(item.event).device_id()),
              .request = text_of(root_of<fb::DevicePaired>(item.event).request())};
    case fb::EventBody::DeviceRenamed:
      return {.id = text_of(root_of<fb::DeviceRenamed>(item.event).device_id())};
    case fb::EventBody::DeviceRemoved:
      return {.id = text_of(root_of<fb::DeviceRemoved>(item.event).device_id()),
              .why = "device removed"};
    default: {
      // Closes connections that do not hold the new token. One that gets its first token while it
      // connects holds it already, and stays.
      const auto& body = root_of<fb::DeviceTokenChanged>(item.event);
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

void device_changed(Events& to, const EventItem& item) {
  const DeviceChange change = change_of(item);
  const bool approved = !change.request.empty();
  to.push(approved ? "device.pair.resolved" : "device.pair.changed", item, Audience::pairing, {},
          [&](JsonWriter& json) {
            json.member("deviceId", change.id);
            json.member_if("requestId", change.request);
            if (approved) json.member("decision", "approved");
            json.member("ts", item.event.header.wall_ms);
          });
  if (to.resuming() != nullptr) return;
  if (approved) to.net.device_requests.remove(change.request);
  if (!change.why.empty()) cut_device(to.net, change.id, change.why, change.token_hash);
  if (!is_kind(item.event, fb::EventBody::DevicePaired)) return;
  ScopeSet scopes{};
  if (const auto* names = root_of<fb::DevicePaired>(item.event).scopes()) {
    for (const flatbuffers::String* name : *names)
      add_scope(scopes, scope_of(text_of(name)));
  }
  cut_device_beyond(to.net, change.id, scopes);
}

constexpr std::size_t kPathBytesMax = 512;  // as sent; keys may be as long as the file

void config_changed(Events& to, const EventItem& item) {
  const auto& body = root_of<fb::ConfigChanged>(item.event);
  to.push("config.changed", item, Audience::all, {}, [&](JsonWriter& json) {
    json.member("method", text_of(body.method()));
    json.array("changedPaths", [&] {
      if (body.paths() == nullptr) return;
      for (const flatbuffers::String* path : *body.paths())
        json.value(cut_escaped(text_of(path), kPathBytesMax));
    });
    json.member("ts", item.event.header.wall_ms);
  });
}

void channel_pairing_requested(Events& to, const EventItem& item) {
  const auto& body = root_of<fb::ChannelPairingRequested>(item.event);
  to.push("channel.pair.requested", item, Audience::pairing, {}, [&](JsonWriter& json) {
    json.member("requestId", std::to_string(item.event.seq.value));
    json.member("channel", text_of(body.channel()));
    json.member("accountId", text_of(body.account()));
    json.member("senderId", text_of(body.sender_id()));
    json.member_if("senderLabel", text_of(body.sender_name()));
    json.member("code", text_of(body.code()));
    json.member("expiresAt", body.expires_wall_ms());
    json.member("ts", item.event.header.wall_ms);
  });
}

void channel_pairing_resolved(Events& to, const EventItem& item) {
  const auto& body = root_of<fb::ChannelPairingResolved>(item.event);
  to.push("channel.pair.resolved", item, Audience::pairing, {}, [&](JsonWriter& json) {
    json.member("requestId", std::to_string(body.request()));
    json.member("decision", body.approved() ? "approved" : "rejected");
    json.member("ts", item.event.header.wall_ms);
  });
}

// An admin answered a code on a channel: it may be that of a waiting device.
void code_answered(Events& to, const EventItem& item) {
  if (to.resuming() != nullptr) return;
  Context& net = to.net;
  const auto& body = root_of<fb::PairingCodeAnswered>(item.event);
  const DeviceRequest* request = net.device_requests.find_code(text_of(body.code()), net.now_ms());
  if (request == nullptr) {
    kLog.info("the code {} an admin answered is nobody's (any more)",
              printable(text_of(body.code())));
    return;
  }
  if (!body.approved()) return reject_device(net, *request);
  net.push_own(build_device_paired(net, *request, fb::ApprovedVia::owner));
}

constexpr Renderer kDevicePushes[]{
    {fb::EventBody::DevicePaired, device_changed},
    {fb::EventBody::DeviceRenamed, device_changed},
    {fb::EventBody::DeviceTokenChanged, device_changed},
    {fb::EventBody::DeviceRemoved, device_changed},
    {fb::EventBody::ConfigChanged, config_changed},
    {fb::EventBody::ChannelPairingRequested, channel_pairing_requested},
    {fb::EventBody::ChannelPairingResolved, channel_pairing_resolved},
    {fb::EventBody::PairingCodeAnswered, code_answered},
};

}  // namespace

std::span<const Renderer> device_pushes() {
  return kDevicePushes;
}

}  // namespace spine::net
