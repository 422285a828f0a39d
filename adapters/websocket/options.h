// NetOptions: what the server has to be told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/config.h"
#include "schemas/vocab/limits.h"

namespace spine::net {

struct NetOptions {
  std::vector<std::string> addresses{"127.0.0.1", "::1"};
  std::uint16_t port{};  // 0 = any free one, the same for every address
  config::AuthMode auth_mode{config::AuthMode::token};
  std::string token{};             // secret: compared, never written anywhere
  std::string password{};          // secret
  const config::Config* config{};  // never null; outlives the server
  std::string version{};
  // The protocol's times, milliseconds.
  std::uint64_t handshake_ms{limits::kHandshakeMs};
  std::uint64_t ping_ms{limits::kPingMs};
  std::uint64_t tick_ms{limits::kTickMs};
};

}  // namespace spine::net
