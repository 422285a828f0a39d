// Texts and codes of refused connects, as OpenClaw's gateway words them.
#include "adapters/websocket/door/door.h"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/net_log.h"

namespace spine::net {
namespace {

struct Wording {
  std::string_view code{};    // details.code
  std::string_view reason{};  // details.authReason; of devices details.reason
  std::string_view text{};
};

// Of Verdict, from token_missing to control_ui_device_required.
constexpr std::array<Wording, 8> kVerdicts{{
    {"AUTH_TOKEN_MISSING", "token_missing",
     "unauthorized: gateway token missing (provide the gateway's token)"},
    {"AUTH_TOKEN_MISMATCH", "token_mismatch",
     "unauthorized: gateway token mismatch (provide the gateway's token)"},
    {"AUTH_PASSWORD_MISSING", "password_missing",
     "unauthorized: gateway password missing (provide the gateway's password)"},
    {"AUTH_PASSWORD_MISMATCH", "password_mismatch",
     "unauthorized: gateway password mismatch (provide the gateway's password)"},
    {"AUTH_DEVICE_TOKEN_MISMATCH", "device_token_mismatch",
     "unauthorized: device token mismatch (rotate/reissue device token)"},
    {"AUTH_RATE_LIMITED", "rate_limited",
     "unauthorized: too many failed authentication attempts (retry later)"},
    {"DEVICE_IDENTITY_REQUIRED", "device-identity-required", "device identity required"},
    {"CONTROL_UI_DEVICE_IDENTITY_REQUIRED", "device-identity-required",
     "control ui requires device identity (use HTTPS or localhost secure context)"},
}};

// Of DeviceFault, from id_mismatch on.
constexpr std::array<Wording, 6> kDeviceFaults{{
    {"DEVICE_AUTH_DEVICE_ID_MISMATCH", "device-id-mismatch", "device identity mismatch"},
    {"DEVICE_AUTH_SIGNATURE_EXPIRED", "device-signature-stale", "device signature expired"},
    {"DEVICE_AUTH_NONCE_REQUIRED", "device-nonce-missing", "device nonce required"},
    {"DEVICE_AUTH_NONCE_MISMATCH", "device-nonce-mismatch", "device nonce mismatch"},
    {"DEVICE_AUTH_PUBLIC_KEY_INVALID", "device-public-key", "device public key invalid"},
    {"DEVICE_AUTH_SIGNATURE_INVALID", "device-signature", "device signature invalid"},
}};

template <std::size_t N, class Fault>
const Wording& wording_of(const std::array<Wording, N>& wordings, Fault fault) {
  return wordings.at(static_cast<std::size_t>(fault) - 1);
}

std::uint64_t locked_ms(const Responder& to, AuthClass what) {
  return to.net.door->auth_limits.locked_ms(attempt_of(to.net, to.slot, what), to.net.now_ms());
}

Refusal refusal_of(const Responder& to, const Judgement& judgement, const Wording& wording) {
  Refusal refusal{.message = std::string{wording.text}};
  if (judgement.verdict == Verdict::device_required) refusal.code = error_code::kNotPaired;
  if (judgement.verdict == Verdict::device_required ||
      judgement.verdict == Verdict::control_ui_device_required) {
    refusal.details = details_of(wording.code, wording.reason);
    return refusal;
  }
  const bool locked = judgement.verdict == Verdict::locked;
  const bool retry = judgement.may_retry_with_device_token;
  if (locked) {
    refusal.retryable = true;
    refusal.retry_after_ms =
        std::max(locked_ms(to, AuthClass::shared), locked_ms(to, AuthClass::device));
  }
  refusal.details = json_object([&](JsonWriter& json) {
    json.member("code", wording.code);
    json.member("authReason", wording.reason);
    if (!locked) json.member("canRetryWithDeviceToken", retry);
    json.member("recommendedNextStep", locked  ? "wait_then_retry"
                                       : retry ? "retry_with_device_token"
                                               : "update_auth_credentials");
  });
  return refusal;
}

}  // namespace

void Door::count(std::uint32_t slot, std::string_view reason) {
  if (reason.empty()) return;
  const Client& client = *net_.hub.table.client[slot];
  const AddressClass from = classify_address(client.address, !client.origin.empty());
  net_.shared.metrics.count_refused_connect(reason);
  if (refused_.empty()) since_ms_ = net_.now_ms();
  refused_.count(from, reason, net_.wall_ms);
  // Debug level: unauthenticated clients must not be able to fill the log.
  kLog.debug("connect from {} refused: {}", client.address, reason);
}

void Door::refuse_later(const Responder& to, Refusal refusal, std::uint64_t delay_ms) {
  net_.hub.table.stage[to.slot] = Stage::joining;
  net_.hub.table.set(to.slot, connection_flag::kHeld);
  delayed_.push_back({.due_ms = net_.now_ms() + delay_ms,
                      .connection = to.ref(),
                      .id = std::string{to.id},
                      .refusal = std::move(refusal)});
}

void Door::run_timers() {
  std::erase_if(delayed_, [this](const Delayed& row) {
    if (!net_.hub.table.live(row.connection)) return true;
    if (row.due_ms > net_.now_ms()) return false;
    Responder{net_, row.connection.slot, row.id}.refuse(row.refusal);
    net_.hub.close(row.connection.slot, close_code::kPolicy, row.refusal.message);
    return true;
  });
  if (net_.now_ms() >= report_due_ms()) report();
}

std::uint64_t Door::next_timer_ms() const {
  std::uint64_t next = refused_.empty() ? 0 : report_due_ms();
  for (const Delayed& row : delayed_)
    next = next == 0 ? row.due_ms : std::min(next, row.due_ms);
  return next;
}

void Door::report() {
  if (refused_.empty()) return;
  std::uint64_t all = 0;
  net_.push_own(net_.build([&](flatbuffers::FlatBufferBuilder& builder) {
    std::vector<flatbuffers::Offset<fb::RefusedConnects>> rows;
    for (const auto& [what, times] : refused_.counts()) {
      const auto from = put_text(builder, address_class_name(what.first));
      const auto reason = put_text(builder, what.second);
      rows.push_back(fb::CreateRefusedConnects(builder, from, reason, times));
      all += times;
    }
    return fb::CreateConnectsRefused(builder, refused_.since_wall_ms(), builder.CreateVector(rows));
  }));
  kLog.warn("{} connects were refused since the last report; `spine journal dump` says why", all);
  refused_.clear();
}

AuthAttempt attempt_of(const Context& net, std::uint32_t slot, AuthClass what) {
  const Client& client = *net.hub.table.client[slot];
  return {.address = client.address,
          .browser = !client.origin.empty(),
          .loopback = client.loopback,
          .what = what};
}

void turn_away(const Responder& to, const Refusal& refusal, std::string_view reason,
               std::uint16_t code) {
  to.net.door->count(to.slot, reason);
  to.refuse(refusal);
  to.net.hub.close(to.slot, code, refusal.message);
  // Reads again, for the peer's close frame: else the connection stays until the closing deadline.
  Connections& table = to.net.hub.table;
  if (!table.flag(to.slot, connection_flag::kHeld)) return;
  table.unset(to.slot, connection_flag::kHeld);
  to.net.resumed.push_back(to.slot);
}

void turn_away_unauthorized(const Responder& to, const Judgement& judgement,
                            std::uint64_t delay_ms) {
  Door& door = *to.net.door;
  if (judgement.verdict == Verdict::device_token_mismatch) {
    delay_ms =
        door.auth_limits.failed(attempt_of(to.net, to.slot, AuthClass::device), to.net.now_ms());
  }
  const Wording& wording = wording_of(kVerdicts, judgement.verdict);
  Refusal refusal = refusal_of(to, judgement, wording);
  if (delay_ms == 0 || judgement.verdict == Verdict::locked) {
    return turn_away(to, refusal, wording.code);
  }
  // Exempt from the lock-out (programs on this machine): a delayed answer makes guessing slow.
  door.count(to.slot, wording.code);
  door.refuse_later(to, std::move(refusal), delay_ms);
}

// A signature cannot be guessed: no rate limit but that of connections.
void turn_away_device(const Responder& to, DeviceFault fault) {
  const Wording& wording = wording_of(kDeviceFaults, fault);
  turn_away(
      to,
      {.message = std::string{wording.text}, .details = details_of(wording.code, wording.reason)},
      wording.code);
}

}  // namespace spine::net
