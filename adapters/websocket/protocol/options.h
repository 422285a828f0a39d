// NetOptions: what the server has to be told.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/config/config.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::net {

struct TlsFiles {
  std::string cert_path{};  // PEM, the chain after it; empty = no TLS
  std::string key_path{};   // PEM, without a pass phrase
  bool enabled() const { return !cert_path.empty(); }
};

struct ControlUiOptions {
  bool enabled{true};
  std::string base_path{};  // "" or "/base"
  std::string root{};       // a dist/control-ui folder; empty = none
};

// The gateway's own Ed25519 key, the public half.
struct GatewayIdentity {
  std::string device_id{};   // hex SHA-256 of the raw key
  std::string public_key{};  // base64url of the raw key
};

struct NetOptions {
  std::vector<std::string> addresses{"127.0.0.1", "::1"};
  std::uint16_t port{};  // 0 = any free one, the same for every address
  config::AuthMode auth_mode{config::AuthMode::token};
  std::string token{};             // secret: compared, never written anywhere
  std::string password{};          // secret
  const config::Config* config{};  // never null; outlives the server
  std::string version{};
  TlsFiles tls{};  // then every TCP listener speaks TLS
  // IP addresses and CIDR ranges whose X-Forwarded-For, -Proto and -Host are believed.
  std::vector<std::string> trusted_proxies{};
  std::vector<std::string> allowed_origins{};  // "https://host[:port]" each
  std::string public_origin{};                 // the same, empty = none
  ControlUiOptions control_ui{};
  GatewayIdentity identity{};
  config::GetEnv getenv_fn{};
  config::Given given{};  // beside the configuration file, when it is read again
  // Reads the configuration file again, soon. Called on the net thread.
  std::function<void()> reload{};
  // Takes over a connection whose request for a webhook is still to be read; false when it cannot,
  // and `fd` is as before. Null: there are no webhooks here. Called on the net thread.
  std::function<bool(UniqueFd& fd, std::string_view address)> take_hook{};
  // The protocol's times, milliseconds.
  std::uint64_t handshake_ms{limits::kHandshakeMs};
  std::uint64_t refusal_report_ms{limits::kRefusalsGatheredMs};
  std::uint64_t ping_ms{limits::kPingMs};
  std::uint64_t tick_ms{limits::kTickMs};
};

}  // namespace spine::net
