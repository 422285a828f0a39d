// From the first frame to hello-ok, and every way to be turned away.
#include "adapters/websocket/handshake.h"

#include "adapters/websocket/connect_params.h"
#include "adapters/websocket/hello.h"
#include "adapters/websocket/inputs.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/net_log.h"
#include "adapters/websocket/respond.h"

namespace spine::net {
namespace {

constexpr std::int64_t kProtocol = 4;
constexpr std::int64_t kProbeProtocol = 3;

// Answers with the error and closes with its message.
void turn_away(Context& net, std::uint32_t slot, std::string_view id, const Refusal& refusal,
               std::uint16_t code = close_code::kPolicy) {
  refuse(net, slot, id, refusal);
  net.hub.close(slot, code, refusal.message);
}

bool check_phase(Context& net, std::uint32_t slot, std::string_view id) {
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
  refuse(net, slot, id, refusal);
  net.hub.close(slot, close_code::kTryLater, refusal.message);
  return false;
}

bool check_version(Context& net, std::uint32_t slot, std::string_view id,
                   const ConnectParams& params) {
  const bool probe = params.client_mode == "probe" || params.role == "node";
  const std::int64_t oldest = probe ? kProbeProtocol : kProtocol;
  if (params.min_protocol <= kProtocol && params.max_protocol >= oldest) return true;
  std::string details;
  http::JsonWriter json{details};
  json.begin_object();
  json.member("code", "PROTOCOL_MISMATCH");
  json.member("clientMinProtocol", params.min_protocol);
  json.member("clientMaxProtocol", params.max_protocol);
  json.member("expectedProtocol", kProtocol);
  json.member("minimumProbeProtocol", kProbeProtocol);
  json.end_object();
  turn_away(net, slot, id, {.message = "protocol mismatch", .details = std::move(details)},
            close_code::kProtocol);
  return false;
}

bool check_role(Context& net, std::uint32_t slot, std::string_view id,
                const ConnectParams& params) {
  if (params.role.empty() || params.role == "operator" || params.role == "node") return true;
  turn_away(net, slot, id, {.message = "invalid role"});
  return false;
}

struct AuthFailure {
  std::string_view kind{};  // "token" | "password"
  std::string_view what{};  // "mismatch" | "missing"
};

void turn_away_unauthorized(Context& net, std::uint32_t slot, std::string_view id,
                            const AuthFailure& failure) {
  std::string upper{failure.kind == "token" ? "AUTH_TOKEN_" : "AUTH_PASSWORD_"};
  upper += failure.what == "mismatch" ? "MISMATCH" : "MISSING";
  std::string details;
  http::JsonWriter json{details};
  json.begin_object();
  json.member("code", upper);
  json.member("authReason", std::string{failure.kind} + "_" + std::string{failure.what});
  json.member("canRetryWithDeviceToken", false);
  json.member("recommendedNextStep", "update_auth_credentials");
  json.end_object();
  std::string message = "unauthorized: gateway " + std::string{failure.kind} + " " +
                        std::string{failure.what} + " (provide the gateway's " +
                        std::string{failure.kind} + ")";
  turn_away(net, slot, id, {.message = std::move(message), .details = std::move(details)});
}

bool check_auth(Context& net, std::uint32_t slot, std::string_view id,
                const ConnectParams& params) {
  const NetOptions& options = net.options;
  if (options.auth_mode == config::AuthMode::none) return true;
  const bool by_password = options.auth_mode == config::AuthMode::password;
  const std::string& secret = by_password ? options.password : options.token;
  // Clients send the secret in either member; both are compared, so the time says nothing.
  const bool first = secret_equal(params.token, secret);
  const bool second = secret_equal(params.password, secret);
  if (first || second) return true;
  net.shared.metrics.auth_failures.add();
  const bool given = !params.token.empty() || !params.password.empty();
  kLog.warn("connect from {} refused: {}", net.hub.table.client[slot]->address,
            given ? "wrong credentials" : "no credentials");
  if (!given && !params.has_device) {
    turn_away(net, slot, id,
              {.code = error_code::kNotPaired,
               .message = "device identity required",
               .details = details_of("DEVICE_IDENTITY_REQUIRED", "device-identity-required")});
    return false;
  }
  turn_away_unauthorized(net, slot, id,
                         {by_password ? "password" : "token", given ? "mismatch" : "missing"});
  return false;
}

void accept(Context& net, std::uint32_t slot, std::string_view id, const ConnectParams& params) {
  Connections& table = net.hub.table;
  Client& client = *table.client[slot];
  client.connection = as_uuid(net.entropy.next());
  client.id = params.client_id;
  client.mode = params.client_mode;
  client.version = params.client_version;
  client.platform = params.platform;
  client.device_family = params.device_family;
  client.display_name = params.display_name;
  client.instance_id = params.instance_id;
  client.role = params.role.empty() ? "operator" : params.role;
  client.connected_wall_ms = net.wall_ms;
  client.connected_ms = net.now_ms();
  // A node is no operator: it gets no operator's scope, whatever it asks for.
  table.scopes[slot] = client.role == "operator" ? params.scopes : ScopeSet{};
  table.stage[slot] = Stage::joining;
  table.set(slot, connection_flag::kHeld);
  table.set(slot, connection_flag::kAnnounced);
  const bool open = net.options.auth_mode == config::AuthMode::none;
  build_client_connected(net, slot, open ? "local" : "shared");
  net.push(fb::EventBody::ClientConnected, slot,
           net.pending.add(table.ref(slot), &connect_method(), id));
}

void on_connect_reply(Answer& answer, const pipeline::ReplyItem& item) {
  finish_connect(answer.net, answer.slot, answer.id(), item);
}

constexpr Method kConnect{.name = "connect", .on_reply = on_connect_reply};

}  // namespace

const Method& connect_method() {
  return kConnect;
}

void send_challenge(Context& net, std::uint32_t slot) {
  std::string nonce;
  append_uuid(nonce, as_uuid(net.entropy.next()));
  Push push{net, "connect.challenge"};
  http::JsonWriter& json = push.json();
  json.begin_object();
  json.member("nonce", nonce);
  json.member("ts", net.wall_ms);
  json.end_object();
  push.targeted(slot);
}

void first_frame(Context& net, std::uint32_t slot, const Request& request) {
  const auto bad = [&net] { net.shared.metrics.frames_refused.add(); };
  if (request.fault == FrameFault::not_json) {
    bad();
    return net.hub.close(slot, close_code::kNormal, "");
  }
  if (request.fault == FrameFault::not_request) {
    bad();
    const std::string message = "invalid request frame: " + request.problem;
    if (!request.id.empty()) refuse_invalid(net, slot, request.id, message);
    return net.hub.close(slot, close_code::kPolicy, message);
  }
  if (request.method != "connect") {
    bad();
    return turn_away(net, slot, request.id,
                     {.message = "invalid handshake: first request must be connect"});
  }
  std::string problem;
  Params reader{request.params, request.has_params, problem};
  ConnectParams params{};
  read_connect(reader, params);
  if (!problem.empty()) {
    bad();
    return turn_away(net, slot, request.id, {.message = "invalid connect params: " + problem});
  }
  if (!check_phase(net, slot, request.id)) return;
  if (!check_version(net, slot, request.id, params)) return;
  if (!check_role(net, slot, request.id, params)) return;
  if (!check_auth(net, slot, request.id, params)) return;
  accept(net, slot, request.id, params);
}

void finish_connect(Context& net, std::uint32_t slot, std::string_view id,
                    const pipeline::ReplyItem& item) {
  Connections& table = net.hub.table;
  if (item.reply.code != core::ReplyCode::accepted) {
    table.unset(slot, connection_flag::kAnnounced);
    return turn_away(net, slot, id,
                     {.code = error_code::kUnavailable,
                      .message = "the disk or a table of the gateway is full",
                      .details = details_of("NO_SPACE", "no_space"),
                      .retryable = true,
                      .retry_after_ms = 1'000},
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
  net.take_interest(slot);
  const Client& client = *table.client[slot];
  kLog.info("client {} ({}) connected from {}", client.id, client.mode, client.address);
  Response response{net, slot, id};
  write_hello(net, slot, response.json());
  response.send();
}

}  // namespace spine::net
