// From the first frame to hello-ok, and every way to be turned away.
#include "adapters/websocket/handshake.h"

#include "adapters/websocket/admission.h"
#include "adapters/websocket/credentials.h"
#include "adapters/websocket/hello.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/net_log.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/turn_away.h"
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

// A page of another site.
bool check_origin(const Responder& to) {
  if (to.client().origin_allowed) return true;
  turn_away(to,
            {.message = "origin not allowed (open the Control UI from the gateway host or allow it "
                        "in gateway.controlUi.allowedOrigins)",
             .details = details_of("CONTROL_UI_ORIGIN_NOT_ALLOWED", "origin not allowed")},
            "CONTROL_UI_ORIGIN_NOT_ALLOWED");
  return false;
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
  auto joining = std::make_unique<Joining>();
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
  kLog.info("client {} ({}) connected from {}", client.id, client.mode, client.address);
  to.respond_value([&](JsonWriter& json) { write_hello(net, slot, item.reply.seq, json); });
  table.client[slot]->joining.reset();
}

}  // namespace spine::net
