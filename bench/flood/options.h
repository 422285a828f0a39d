// FloodOptions: what one attacker does, from the command line.
#pragma once

#include <cstdint>
#include <string>

namespace spine::bench {

enum class FloodKind : std::uint8_t {
  handshakes,  // connects that fail, in five ways
  half_open,   // silent, headers a byte at a time, upgraded and silent
  readers,     // authenticated, subscribed to everything, never read
  senders,     // authenticated, large frames a piece at a time
  calls,       // authenticated, requests as fast as they are answered
  http,        // GET over connections that stay open
};

struct FloodOptions {
  FloodKind kind{FloodKind::handshakes};
  std::string host{"127.0.0.1"};
  std::uint16_t port{18789};
  std::string token{};          // of those that are authenticated
  std::string device_id{};      // handshakes: of a device whose signature is wrong
  std::string public_key{};     // the same device's
  std::string call{};           // calls: the whole request frame as JSON
  std::string path{"/health"};  // http
  std::uint32_t connections{64};
  std::uint32_t depth{64};        // calls: requests in flight on each connection
  std::uint32_t patience_ms{20};  // handshakes: waited for an answer, then given up
  double seconds{60};             // at most; SIGTERM ends it earlier
};

}  // namespace spine::bench
