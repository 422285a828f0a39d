// Texts and codes of refused connects, as OpenClaw's gateway words them.
#include "adapters/websocket/turn_away.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "adapters/websocket/net_log.h"
#include "adapters/websocket/put_text.h"

namespace spine::net {
namespace {

struct Wording {
  std::string_view code{};    // details.code
  std::string_view reason{};  // details.authReason
  std::string_view text{};
};

Wording wording_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::token_missing:
      return {"AUTH_TOKEN_MISSING", "token_missing",
              "unauthorized: gateway token missing (provide the gateway's token)"};
    case Verdict::token_mismatch:
      return {"AUTH_TOKEN_MISMATCH", "token_mismatch",
              "unauthorized: gateway token mismatch (provide the gateway's token)"};
    case Verdict::password_missing:
      return {"AUTH_PASSWORD_MISSING", "password_missing",
              "unauthorized: gateway password missing (provide the gateway's password)"};
    case Verdict::password_mismatch:
      return {"AUTH_PASSWORD_MISMATCH", "password_mismatch",
              "unauthorized: gateway password mismatch (provide the gateway's password)"};
    default:
      return {"AUTH_DEVICE_TOKEN_MISMATCH", "device_token_mismatch",
              "unauthorized: device token mismatch (rotate/reissue device token)"};
  }
}

Refusal refusal_of(const Judgement& judgement) {
  if (judgement.verdict == Verdict::device_required) {
    return {.code = error_code::kNotPaired,
            .message = "device identity required",
            .details = details_of("DEVICE_IDENTITY_REQUIRED", "device-identity-required")};
  }
  if (judgement.verdict == Verdict::control_ui_device_required) {
    return {
        .message = "control ui requires device identity (use HTTPS or localhost secure context)",
        .details = details_of("CONTROL_UI_DEVICE_IDENTITY_REQUIRED", "device-identity-required")};
  }
  const Wording wording = wording_of(judgement.verdict);
  const bool retry = judgement.may_retry_with_device_token;
  return {.message = std::string{wording.text},
          .details = json_object([&](JsonWriter& json) {
            json.member("code", wording.code);
            json.member("authReason", wording.reason);
            json.member("canRetryWithDeviceToken", retry);
            json.member("recommendedNextStep",
                        retry ? "retry_with_device_token" : "update_auth_credentials");
          })};
}

std::string_view code_of(const Judgement& judgement) {
  switch (judgement.verdict) {
    case Verdict::device_required:
      return "DEVICE_IDENTITY_REQUIRED";
    case Verdict::control_ui_device_required:
      return "CONTROL_UI_DEVICE_IDENTITY_REQUIRED";
    default:
      return wording_of(judgement.verdict).code;
  }
}

struct DeviceWording {
  std::string_view code{};
  std::string_view reason{};
  std::string_view text{};
};

DeviceWording wording_of(DeviceFault fault) {
  switch (fault) {
    case DeviceFault::id_mismatch:
      return {"DEVICE_AUTH_DEVICE_ID_MISMATCH", "device-id-mismatch", "device identity mismatch"};
    case DeviceFault::signature_expired:
      return {"DEVICE_AUTH_SIGNATURE_EXPIRED", "device-signature-stale",
              "device signature expired"};
    case DeviceFault::nonce_missing:
      return {"DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing", "device nonce required"};
    case DeviceFault::nonce_mismatch:
      return {"DEVICE_AUTH_NONCE_MISMATCH", "device-nonce-mismatch", "device nonce mismatch"};
    case DeviceFault::bad_public_key:
      return {"DEVICE_AUTH_PUBLIC_KEY_INVALID", "device-public-key", "device public key invalid"};
    default:
      return {"DEVICE_AUTH_SIGNATURE_INVALID", "device-signature", "device signature invalid"};
  }
}

void count(Context& net, std::uint32_t slot, std::string_view reason) {
  if (reason.empty()) return;
  const Client& client = *net.hub.table.client[slot];
  const AddressClass from = classify_address(client.address, !client.origin.empty());
  net.shared.metrics.count_refused_connect(reason);
  if (net.refused.empty()) net.refused_since_ms = net.now_ms();
  net.refused.count(from, reason, net.wall_ms);
  // Strangers may fill no log: debug.
  kLog.debug("connect from {} refused: {}", client.address, reason);
}

// Wrong credentials of this machine's programs: the answer waits, so guessing is slow.
void turn_away_later(const Responder& to, Refusal refusal, std::uint64_t delay_ms) {
  to.net.hub.table.stage[to.slot] = Stage::joining;  // nothing more is read meanwhile
  to.net.hub.table.set(to.slot, connection_flag::kHeld);
  to.net.delayed.push_back({.due_ms = to.net.now_ms() + delay_ms,
                            .connection = to.ref(),
                            .id = std::string{to.id},
                            .refusal = std::move(refusal)});
}

}  // namespace

AuthAttempt attempt_of(const Context& net, std::uint32_t slot, AuthClass what) {
  const Client& client = *net.hub.table.client[slot];
  return {.address = client.address,
          .browser = !client.origin.empty(),
          .loopback = client.loopback,
          .what = what};
}

void turn_away(const Responder& to, const Refusal& refusal, std::string_view reason,
               std::uint16_t code) {
  count(to.net, to.slot, reason);
  to.refuse(refusal);
  to.net.hub.close(to.slot, code, refusal.message);
  // Its own close is listened for: otherwise it waits until the deadline of closing.
  Connections& table = to.net.hub.table;
  if (!table.flag(to.slot, connection_flag::kHeld)) return;
  table.unset(to.slot, connection_flag::kHeld);
  to.net.resumed.push_back(to.slot);
}

namespace {

void turn_away_locked(const Responder& to) {
  const auto wait = [&to](AuthClass what) {
    return to.net.auth_limits.locked_ms(attempt_of(to.net, to.slot, what), to.net.now_ms());
  };
  turn_away(to,
            {.message = "unauthorized: too many failed authentication attempts (retry later)",
             .details = R"({"code":"AUTH_RATE_LIMITED","authReason":"rate_limited",)"
                        R"("recommendedNextStep":"wait_then_retry"})",
             .retryable = true,
             .retry_after_ms = std::max(wait(AuthClass::shared), wait(AuthClass::device))},
            "AUTH_RATE_LIMITED");
}

}  // namespace

void turn_away_unauthorized(const Responder& to, const Judgement& judgement,
                            std::uint64_t delay_ms) {
  if (judgement.verdict == Verdict::locked) return turn_away_locked(to);
  if (judgement.verdict == Verdict::device_token_mismatch) {
    delay_ms =
        to.net.auth_limits.failed(attempt_of(to.net, to.slot, AuthClass::device), to.net.now_ms());
  }
  Refusal refusal = refusal_of(judgement);
  if (delay_ms == 0) return turn_away(to, refusal, code_of(judgement));
  count(to.net, to.slot, code_of(judgement));
  turn_away_later(to, std::move(refusal), delay_ms);
}

// A signature is nothing to guess at: no limit but that of connections.
void turn_away_device(const Responder& to, DeviceFault fault) {
  const DeviceWording wording = wording_of(fault);
  turn_away(
      to,
      {.message = std::string{wording.text}, .details = details_of(wording.code, wording.reason)},
      wording.code);
}

void send_delayed(Context& net) {
  std::erase_if(net.delayed, [&net](const DelayedRefusal& row) {
    if (!net.hub.table.live(row.connection)) return true;
    if (row.due_ms > net.now_ms()) return false;
    Responder{net, row.connection.slot, row.id}.refuse(row.refusal);
    net.hub.close(row.connection.slot, close_code::kPolicy, row.refusal.message);
    return true;
  });
}

void report_refused(Context& net) {
  if (net.refused.empty()) return;
  flatbuffers::FlatBufferBuilder& builder = net.builder;
  builder.Clear();
  std::vector<flatbuffers::Offset<fb::RefusedConnects>> rows;
  std::uint64_t all = 0;
  for (const auto& [what, times] : net.refused.counts()) {
    const auto from = put_text(builder, address_class_name(what.first));
    const auto reason = put_text(builder, what.second);
    rows.push_back(fb::CreateRefusedConnects(builder, from, reason, times));
    all += times;
  }
  const auto list = builder.CreateVector(rows);
  builder.Finish(fb::CreateConnectsRefused(builder, net.refused.since_wall_ms(), list));
  net.push_own(fb::EventBody::ConnectsRefused);
  kLog.warn("{} connects were refused since the last report; `spine journal dump` says why", all);
  net.refused.clear();
}

}  // namespace spine::net
