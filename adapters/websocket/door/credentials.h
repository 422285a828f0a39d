// Credentials: whether what a client presents admits it, and what is missing when it does not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/websocket/door/connect_params.h"
#include "engine/config/config.h"
#include "schemas/vocab/bytes.h"

namespace spine::net {

// What the gateway compares with. Borrowed.
struct Secrets {
  config::AuthMode mode{config::AuthMode::token};
  // Locked out after too many failures from that address: not compared until the lock-out ends.
  bool shared_locked{};
  bool device_locked{};
  std::string_view token{};
  std::string_view password{};
};

// What the journal knows of the device whose key was proved. Borrowed.
struct KnownDevice {
  bool found{};
  std::string_view role{};
  ScopeSet scopes{};
  std::string_view platform{};
  std::string_view device_family{};
  ByteSpan token_hash{};  // SHA-256; empty = it has no token yet
  bool revoked{};         // its token was revoked: it is no longer let in
};

enum class Verdict : std::uint8_t {
  granted,
  token_missing,
  token_mismatch,
  password_missing,
  password_mismatch,
  device_token_mismatch,
  locked,                      // a secret was sent during a lock-out
  device_required,             // it sent neither a secret nor a device
  control_ui_device_required,  // a browser must always present its device
  pairing_required,            // see reason
};

struct Judgement {
  Verdict verdict{Verdict::granted};
  std::string_view method{};  // granted: "token", "password", "device-token", "device", ...
  std::string_view reason{};  // pairing_required: "not-paired", "role-upgrade", ...
  bool by_device{};           // granted: as the paired device
  bool pair{};                // granted: the device is to be paired now, without asking
  bool mint{};                // granted: the device is to get a token
  bool may_retry_with_device_token{};
  bool wrong_secret{};  // whatever the verdict: a secret was sent that matched nothing
};

// Pure; every secret is compared in constant time. REQUIRES: the device's proof, if there is one,
// was verified.
Judgement judge(const ConnectParams& params, const Secrets& secrets, const Peer& from,
                const KnownDevice& device);

// What is known of a connection between its connect and its hello-ok.
struct Joining {
  ConnectParams params{};
  Judgement judgement{};
  ScopeSet paired_scopes{};    // judgement.pair: what the device is to have
  Digest256 token_hash{};      // of the token the device has already; zeros = none
  std::string issued_token{};  // secret: told once, in hello-ok
};

}  // namespace spine::net
