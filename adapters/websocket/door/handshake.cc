// The first frame, hello-ok, and what is refused between them.
#include "adapters/websocket/door/handshake.h"

#include <array>
#include <string>

#include "adapters/websocket/door/admission.h"
#include "adapters/websocket/door/credentials.h"
#include "adapters/websocket/door/door.h"
#include "adapters/websocket/protocol/health.h"
#include "adapters/websocket/protocol/net_log.h"
#include "engine/core/sessions/session_key.h"
#include "schemas/vocab/cursor.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

constexpr std::int64_t kProtocol = 4;
constexpr std::int64_t kProbeProtocol = 3;

bool check_phase(const Responder& to) {
  Context& net = to.net;
  using pipeline::Phase;
  const Phase phase = net.shared.phase.load(std::memory_order_acquire);
  if (phase == Phase::ready && !net.stopping) return true;
  const bool stopping = phase == Phase::stopping || net.stopping;
  const Refusal refusal{
      .code = error_code::kUnavailable,
      .message = stopping ? "gateway stopping" : "gateway starting",
      .details = stopping ? R"({"reason":"stopping"})" : R"({"reason":"startup-sidecars"})",
      .retryable = true,
      .retry_after_ms = 500};
  to.refuse(refusal);
  net.hub.close(to.slot, close_code::kTryLater, refusal.message);
  return false;
}

bool check_version(const Responder& to, const ConnectParams& params) {
  const bool probe = params.client_mode == "probe" || params.role == "node";
  const std::int64_t oldest = probe ? kProbeProtocol : kProtocol;
  if (params.min_protocol <= kProtocol && params.max_protocol >= oldest) return true;
  turn_away(
      to, {.message = "protocol mismatch", .details = json_object([&](JsonWriter& json) {
                                             json.member("code", "PROTOCOL_MISMATCH");
                                             json.member("clientMinProtocol", params.min_protocol);
                                             json.member("clientMaxProtocol", params.max_protocol);
                                             json.member("expectedProtocol", kProtocol);
                                             json.member("minimumProbeProtocol", kProbeProtocol);
                                           })},
      "PROTOCOL_MISMATCH", close_code::kProtocol);
  return false;
}

bool check_role(const Responder& to, const ConnectParams& params) {
  if (params.role.empty() || params.role == "operator" || params.role == "node") return true;
  turn_away(to, {.message = "invalid role"}, "");
  return false;
}

// False, with the refusal sent, for a page of another site.
bool check_origin(const Responder& to) {
  if (to.client().origin_allowed) return true;
  turn_away(to,
            {.message = "origin not allowed (open the Control UI from the gateway host or allow it "
                        "in gateway.controlUi.allowedOrigins)",
             .details = details_of("CONTROL_UI_ORIGIN_NOT_ALLOWED", "origin not allowed")},
            "CONTROL_UI_ORIGIN_NOT_ALLOWED");
  return false;
}

constexpr std::array<std::string_view, 21> kEvents{"connect.challenge",
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
                                                   "channel.delivery",
                                                   "session.tool",
                                                   "exec.approval.requested",
                                                   "exec.approval.resolved",
                                                   "plugin.approval.requested",
                                                   "plugin.approval.resolved"};
constexpr std::array<std::string_view, 3> kCapabilities{
    "published-model-catalog", "session-scoped-model-catalog", "session-scoped-chat-metadata"};

void write_features(const Context& net, JsonWriter& json) {
  json.object("features", [&] {
    json.array("methods", net.methods, [&](const Method& method) { json.value(method.name); });
    json.array("events", kEvents);
    json.array("capabilities", kCapabilities);
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
    write_scopes(json, "scopes", net.hub.table.scopes[slot]);
    json.member("method", client.auth_method);
    if (client.joining != nullptr && !client.joining->issued_token.empty()) {
      json.member("deviceToken", client.joining->issued_token);
      json.member("issuedAtMs", net.wall_ms);
    }
  });
}

// The payload of hello-ok. `connected` is the seq of its ClientConnected: where a later resume may
// start from.
void write_hello(Context& net, std::uint32_t slot, Seq connected, JsonWriter& json) {
  json.object([&] {
    json.member("type", "hello-ok");
    json.member("protocol", kProtocol);
    json.object("server", [&] {
      json.member("version", net.options.version);
      json.member("connId", uuid_string(net.hub.table.client[slot]->connection));
    });
    write_features(net, json);
    write_snapshot(net, json);
    write_auth(net, slot, json);
    json.member("cursor", cursor_text(net.shared.cursor_epoch, connected));
    json.object("policy", [&] {
      json.member("maxPayload", limits::kFrameBytesMax);
      json.member("maxBufferedBytes", limits::kBufferedBytesMax);
      json.member("tickIntervalMs", net.options.tick_ms);
    });
  });
}

}  // namespace

void send_challenge(Context& net, std::uint32_t slot) {
  const std::string nonce = uuid_string(as_uuid(net.entropy.next()));
  net.hub.table.client[slot]->nonce = nonce;
  Push push{net, "connect.challenge"};
  push.json().object([&] {
    push.json().member("nonce", nonce);
    push.json().member("ts", net.wall_ms);
  });
  push.targeted(slot);
}

void first_frame(Context& net, std::uint32_t slot, const Request& request) {
  const Responder to{net, slot, request.id};
  const auto bad = [&net] { net.shared.metrics.frames_refused.add(); };
  if (request.fault == FrameFault::not_json) {
    bad();
    return net.hub.close(slot, close_code::kNormal, "");
  }
  if (request.fault == FrameFault::not_request) {
    bad();
    const std::string message = "invalid request frame: " + request.problem;
    if (!request.id.empty()) to.refuse(message);
    return net.hub.close(slot, close_code::kPolicy, message);
  }
  if (request.method != "connect") {
    bad();
    return turn_away(to, {.message = "invalid handshake: first request must be connect"}, "");
  }
  std::string problem;
  Params reader{request.params, request.has_params, problem};
  auto joining = std::make_shared<Joining>();
  read_connect(reader, joining->params);
  if (!problem.empty()) {
    bad();
    return turn_away(to, {.message = "invalid connect params: " + problem}, "");
  }
  const ConnectParams& params = joining->params;
  if (!check_phase(to)) return;
  if (!check_version(to, params)) return;
  if (!check_role(to, params)) return;
  if (!check_origin(to)) return;
  net.hub.table.client[slot]->joining = std::move(joining);
  start_admission(to);
}

void finish_connect(Responder& to, const pipeline::ReplyItem& item) {
  Context& net = to.net;
  const std::uint32_t slot = to.slot;
  Connections& table = net.hub.table;
  if (item.reply.code != core::ReplyCode::accepted) {
    table.unset(slot, connection_flag::kAnnounced);
    const bool full_disk = item.reply.code == core::ReplyCode::no_space;
    return turn_away(to, full_disk ? disk_full_refusal() : table_full_refusal(), "",
                     close_code::kTryLater);
  }
  table.principal[slot] = item.reply.principal.value;
  table.stage[slot] = Stage::open;
  table.deadline_ms[slot] = net.now_ms() + net.options.ping_ms;
  table.unset(slot, connection_flag::kHeld);
  net.resumed.push_back(slot);
  table.client[slot]->counted = true;
  net.shared.metrics.ws_clients.value.fetch_add(1, std::memory_order_relaxed);
  net.presence_changed = true;
  if ((table.client[slot]->caps & kCapResume) != 0) {
    table.set(slot, connection_flag::kAwaitsResume);
  }
  net.take_interest(slot);
  const Client& client = *table.client[slot];
  kLog.info("client {} ({}) connected from {}", client.client_id, client.client_mode,
            client.address);
  to.respond_value([&](JsonWriter& json) { write_hello(net, slot, item.reply.seq, json); });
  table.client[slot]->joining.reset();
}

}  // namespace spine::net
