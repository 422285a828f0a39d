// From the first frame to hello-ok, and every way to be turned away.
#include "adapters/websocket/handshake.h"

#include "adapters/websocket/admission.h"
#include "adapters/websocket/hello.h"
#include "adapters/websocket/joining.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/net_log.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/turn_away.h"

namespace spine::net {
namespace {

constexpr std::int64_t kProtocol = 4;
constexpr std::int64_t kProbeProtocol = 3;

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
            "PROTOCOL_MISMATCH", close_code::kProtocol);
  return false;
}

bool check_role(Context& net, std::uint32_t slot, std::string_view id,
                const ConnectParams& params) {
  if (params.role.empty() || params.role == "operator" || params.role == "node") return true;
  turn_away(net, slot, id, {.message = "invalid role"}, "");
  return false;
}

// A page of another site (PROTOCOL section 1).
bool check_origin(Context& net, std::uint32_t slot, std::string_view id) {
  if (net.hub.table.client[slot]->origin_allowed) return true;
  turn_away(net, slot, id,
            {.message = "origin not allowed (open the Control UI from the gateway host or allow it "
                        "in gateway.controlUi.allowedOrigins)",
             .details = details_of("CONTROL_UI_ORIGIN_NOT_ALLOWED", "origin not allowed")},
            "CONTROL_UI_ORIGIN_NOT_ALLOWED");
  return false;
}

}  // namespace

void send_challenge(Context& net, std::uint32_t slot) {
  std::string nonce;
  append_uuid(nonce, as_uuid(net.entropy.next()));
  net.hub.table.client[slot]->nonce = nonce;
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
                     {.message = "invalid handshake: first request must be connect"}, "");
  }
  std::string problem;
  Params reader{request.params, request.has_params, problem};
  auto joining = std::make_unique<Joining>();
  read_connect(reader, joining->params);
  if (!problem.empty()) {
    bad();
    return turn_away(net, slot, request.id, {.message = "invalid connect params: " + problem}, "");
  }
  const ConnectParams& params = joining->params;
  if (!check_phase(net, slot, request.id)) return;
  if (!check_version(net, slot, request.id, params)) return;
  if (!check_role(net, slot, request.id, params)) return;
  if (!check_origin(net, slot, request.id)) return;
  net.hub.table.client[slot]->joining = std::move(joining);
  start_admission(net, slot, request.id);
}

void finish_connect(Context& net, std::uint32_t slot, std::string_view id,
                    const pipeline::ReplyItem& item) {
  Connections& table = net.hub.table;
  if (item.reply.code != core::ReplyCode::accepted) {
    table.unset(slot, connection_flag::kAnnounced);
    return turn_away(
        net, slot, id,
        item.reply.code == core::ReplyCode::no_space ? disk_full_refusal() : table_full_refusal(),
        "", close_code::kTryLater);
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
  kLog.info("client {} ({}) connected from {}", client.id, client.mode, client.address);
  Response response{net, slot, id};
  write_hello(net, slot, item.reply.seq, response.json());
  response.send();
  table.client[slot]->joining.reset();
}

}  // namespace spine::net
