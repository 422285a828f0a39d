// Rendering of hello-ok.
#include "adapters/websocket/hello.h"

#include <array>
#include <string>

#include "adapters/websocket/credentials.h"
#include "adapters/websocket/device_events.h"
#include "adapters/websocket/health.h"
#include "adapters/websocket/methods.h"
#include "engine/core/session_key.h"

namespace spine::net {
namespace {

constexpr std::array<std::string_view, 20> kEvents{"connect.challenge",
                                                   "agent",
                                                   "chat",
                                                   "session.message",
                                                   "sessions.changed",
                                                   "presence",
                                                   "tick",
                                                   "shutdown",
                                                   "health",
                                                   "config.changed",
                                                   "device.pair.requested",
                                                   "device.pair.resolved",
                                                   "device.pair.changed",
                                                   "channel.pair.requested",
                                                   "channel.pair.resolved",
                                                   "session.tool",
                                                   "exec.approval.requested",
                                                   "exec.approval.resolved",
                                                   "plugin.approval.requested",
                                                   "plugin.approval.resolved"};
constexpr std::array<std::string_view, 3> kCapabilities{
    "published-model-catalog", "session-scoped-model-catalog", "session-scoped-chat-metadata"};

template <class Texts>
void write_texts(JsonWriter& json, std::string_view key, const Texts& texts) {
  json.array(key, texts);
}

void write_features(JsonWriter& json) {
  json.object("features", [&] {
    json.array("methods", methods(), [&](const Method& method) { json.value(method.name); });
    write_texts(json, "events", kEvents);
    write_texts(json, "capabilities", kCapabilities);
  });
}

void write_snapshot(Context& net, JsonWriter& json) {
  const config::Config& config = net.config();
  json.object("snapshot", [&] {
    json.key("presence");
    write_presence(net, json);
    json.key("health");
    write_health(net, json, nullptr);
    json.object("stateVersion", [&] {
      json.member("presence", net.presence_version);
      json.member("health", net.health_version);
    });
    json.member("uptimeMs", http::uptime_ms(net.facts()));
    json.object("sessionDefaults", [&] {
      json.member("defaultAgentId", config.default_agent);
      json.member("mainKey", config.main_key);
      core::KeyBuffer main_key;
      core::main_session_key(config.default_agent, config.main_key, main_key);
      json.member("mainSessionKey", main_key.view());
      json.member("scope", "per-sender");
      json.member("modelConfigured", true);
    });
  });
}

void write_auth(Context& net, std::uint32_t slot, JsonWriter& json) {
  json.object("auth", [&] {
    const Client& client = *net.hub.table.client[slot];
    json.member("role", client.role);
    json.key("scopes");
    write_scopes(json, net.hub.table.scopes[slot]);
    json.member("method", client.auth_method);
    if (client.joining != nullptr && !client.joining->issued_token.empty()) {
      json.member("deviceToken", client.joining->issued_token);
      json.member("issuedAtMs", net.wall_ms);
    }
  });
}

}  // namespace

void write_hello(Context& net, std::uint32_t slot, Seq connected, JsonWriter& json) {
  std::string connection;
  append_uuid(connection, net.hub.table.client[slot]->connection);
  json.object([&] {
    json.member("type", "hello-ok");
    json.member("protocol", 4);
    json.object("server", [&] {
      json.member("version", net.options.version);
      json.member("connId", connection);
    });
    write_features(json);
    write_snapshot(net, json);
    write_auth(net, slot, json);
    std::string cursor;
    append_cursor(cursor,
                  {.epoch = net.shared.cursor_epoch, .seq = connected, .ordinal = kWholeEvent});
    json.member("cursor", cursor);
    json.object("policy", [&] {
      json.member("maxPayload", limits::kFrameBytesMax);
      json.member("maxBufferedBytes", limits::kBufferedBytesMax);
      json.member("tickIntervalMs", net.options.tick_ms);
    });
  });
}

}  // namespace spine::net
