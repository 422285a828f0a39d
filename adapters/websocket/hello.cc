// Rendering of hello-ok.
#include "adapters/websocket/hello.h"

#include <array>
#include <string>

#include "adapters/websocket/device_events.h"
#include "adapters/websocket/health.h"
#include "adapters/websocket/joining.h"
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
void write_texts(http::JsonWriter& json, std::string_view key, const Texts& texts) {
  json.key(key);
  json.begin_array();
  for (const std::string_view text : texts)
    json.value(text);
  json.end_array();
}

void write_features(http::JsonWriter& json) {
  json.key("features");
  json.begin_object();
  json.key("methods");
  json.begin_array();
  for (const Method& method : methods())
    json.value(method.name);
  json.end_array();
  write_texts(json, "events", kEvents);
  write_texts(json, "capabilities", kCapabilities);
  json.end_object();
}

void write_snapshot(Context& net, http::JsonWriter& json) {
  const config::Config& config = net.config();
  json.key("snapshot");
  json.begin_object();
  json.key("presence");
  write_presence(net, json);
  json.key("health");
  write_health(net, json, nullptr);
  json.key("stateVersion");
  json.begin_object();
  json.member("presence", net.presence_version);
  json.member("health", net.health_version);
  json.end_object();
  json.member("uptimeMs", http::uptime_ms(net.facts()));
  json.key("sessionDefaults");
  json.begin_object();
  json.member("defaultAgentId", config.default_agent);
  json.member("mainKey", config.main_key);
  core::KeyBuffer main_key;
  core::main_session_key(config.default_agent, config.main_key, main_key);
  json.member("mainSessionKey", main_key.view());
  json.member("scope", "per-sender");
  json.member("modelConfigured", true);
  json.end_object();
  json.end_object();
}

void write_auth(Context& net, std::uint32_t slot, http::JsonWriter& json) {
  json.key("auth");
  json.begin_object();
  const Client& client = *net.hub.table.client[slot];
  json.member("role", client.role);
  json.key("scopes");
  write_scopes(json, net.hub.table.scopes[slot]);
  json.member("method", client.auth_method);
  if (client.joining != nullptr && !client.joining->issued_token.empty()) {
    json.member("deviceToken", client.joining->issued_token);
    json.member("issuedAtMs", net.wall_ms);
  }
  json.end_object();
}

}  // namespace

void write_hello(Context& net, std::uint32_t slot, Seq connected, http::JsonWriter& json) {
  std::string connection;
  append_uuid(connection, net.hub.table.client[slot]->connection);
  json.begin_object();
  json.member("type", "hello-ok");
  json.member("protocol", 4);
  json.key("server");
  json.begin_object();
  json.member("version", net.options.version);
  json.member("connId", connection);
  json.end_object();
  write_features(json);
  write_snapshot(net, json);
  write_auth(net, slot, json);
  std::string cursor;
  append_cursor(cursor, {.epoch = net.shared.epoch, .seq = connected, .ordinal = kWholeEvent});
  json.member("cursor", cursor);
  json.key("policy");
  json.begin_object();
  json.member("maxPayload", limits::kFrameBytesMax);
  json.member("maxBufferedBytes", limits::kBufferedBytesMax);
  json.member("tickIntervalMs", net.options.tick_ms);
  json.end_object();
  json.end_object();
}

}  // namespace spine::net
