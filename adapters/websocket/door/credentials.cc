// Credentials: who is let in with which secret or device, and what a refusal says.
#include "adapters/websocket/door/credentials.h"

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/secrets.h"
#include "schemas/vocab/sha256.h"

namespace spine::net {
namespace {

constexpr std::string_view kControlUi = "openclaw-control-ui";

bool has_token(const KnownDevice& device, std::string_view candidate) {
  if (candidate.empty() || device.token_hash.empty()) return false;
  const Digest256 digest = sha256_of(candidate);
  const auto view = [](ByteSpan bytes) {
    return std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  };
  return secret_equal(view(digest), view(device.token_hash));
}

std::string_view role_of(const ConnectParams& params) {
  return params.role.empty() ? std::string_view{"operator"} : std::string_view{params.role};
}

// What a paired device asks for beyond what it was granted; empty = nothing.
std::string_view lacking(const ConnectParams& params, const KnownDevice& device) {
  if (!device.found || device.revoked) return "not-paired";
  if (device.role != role_of(params)) return "role-upgrade";
  if (!covers(device.scopes, params.scopes)) return "scope-upgrade";
  const bool same = same_but_case(device.platform, params.platform) &&
                    same_but_case(device.device_family, params.device_family);
  return same ? std::string_view{} : std::string_view{"metadata-upgrade"};
}

Judgement as_paired(const ConnectParams& params, const KnownDevice& device,
                    std::string_view method) {
  const std::string_view reason = lacking(params, device);
  if (!reason.empty()) return {.verdict = Verdict::pairing_required, .reason = reason};
  return {.method = method, .by_device = true, .mint = device.token_hash.empty()};
}

// The shared secret was shown.
Judgement with_secret(const ConnectParams& params, const Peer& from, const KnownDevice& device,
                      std::string_view method) {
  if (!params.has_device) {
    if (params.client_id == kControlUi) return {.verdict = Verdict::control_ui_device_required};
    if (!from.loopback) return {.verdict = Verdict::device_required};
    return {.method = method};
  }
  if (!from.loopback) return as_paired(params, device, method);
  // On this machine the secret is enough: the device is paired, or gets more, without approval.
  const bool pair = !lacking(params, device).empty();
  return {
      .method = method, .by_device = true, .pair = pair, .mint = pair || device.token_hash.empty()};
}

// Nothing was shown but, perhaps, a device.
Judgement with_nothing(const ConnectParams& params, const Secrets& secrets,
                       const KnownDevice& device) {
  if (!params.has_device) {
    return {.verdict = params.client_id == kControlUi ? Verdict::control_ui_device_required
                                                      : Verdict::device_required};
  }
  if (secrets.mode == config::AuthMode::pairing) return as_paired(params, device, "device");
  return {.verdict = secrets.mode == config::AuthMode::password ? Verdict::password_missing
                                                                : Verdict::token_missing};
}

// Which of the secrets matched. `wrong` = one was sent and matched nothing.
struct Comparison {
  bool shared{};
  bool device{};
  bool wrong{};
};

// Clients send the secret in either member; all are compared, so the time taken reveals nothing.
Comparison compare(const ConnectParams& params, const Secrets& secrets, const KnownDevice& device) {
  const bool by_password = secrets.mode == config::AuthMode::password;
  const std::string_view secret = by_password ? secrets.password : secrets.token;
  const bool shown = !params.token.empty() || !params.password.empty();
  Comparison out{};
  if (!secrets.shared_locked) {
    const bool first = secret_equal(params.token, secret);
    const bool second = secret_equal(params.password, secret);
    out.shared = first || second;
  }
  if (!secrets.device_locked && !device.revoked) {
    const bool first = has_token(device, params.device_token);
    const bool second = has_token(device, params.token);
    out.device = first || second;
  }
  out.wrong = shown && !out.shared && !out.device && !secrets.shared_locked;
  return out;
}

Judgement judge_shown(const ConnectParams& params, const Secrets& secrets, const Peer& from,
                      const KnownDevice& device, const Comparison& shown) {
  const bool by_password = secrets.mode == config::AuthMode::password;
  if (shown.shared) return with_secret(params, from, device, by_password ? "password" : "token");
  if (shown.device) return as_paired(params, device, "device-token");
  if (!params.device_token.empty()) {
    return {.verdict = secrets.device_locked ? Verdict::locked : Verdict::device_token_mismatch};
  }
  const bool guessed = !params.token.empty() || !params.password.empty();
  // Some clients always send a token: in pairing mode any text may stand there beside a device.
  if (!guessed || (secrets.mode == config::AuthMode::pairing && params.has_device)) {
    return with_nothing(params, secrets, device);
  }
  if (secrets.shared_locked) return {.verdict = Verdict::locked};
  return {.verdict = by_password ? Verdict::password_mismatch : Verdict::token_mismatch,
          .may_retry_with_device_token = !device.token_hash.empty() && !device.revoked};
}

}  // namespace

Judgement judge(const ConnectParams& params, const Secrets& secrets, const Peer& from,
                const KnownDevice& device) {
  if (from.control_socket) return {.method = "control-socket"};
  if (secrets.mode == config::AuthMode::none && from.loopback) return {.method = "none"};
  const Comparison shown = compare(params, secrets, device);
  Judgement judgement = judge_shown(params, secrets, from, device, shown);
  judgement.wrong_secret = shown.wrong;
  return judgement;
}

}  // namespace spine::net
