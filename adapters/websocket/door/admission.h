// Admission: from a connect that is well formed to the input that announces the client.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/websocket/door/auth_limits.h"
#include "adapters/websocket/protocol/respond.h"

namespace spine::net {

// Proves the device, looks it up, judges the credentials, pairs where that is due. What it leads to
// is a ClientConnected on its way to the engine, or the client turned away. REQUIRES: the client's
// `joining` is there.
void start_admission(const Responder& client);

// What a bearer token in an HTTP request is worth.
enum class Access : std::uint8_t { granted, refused, locked };
struct AccessVerdict {
  Access access{Access::refused};
  std::uint64_t retry_after_s{};  // when locked
};
// "" = none was sent. With the limits of failed attempts (auth_limits.h). Counts failures.
AccessVerdict check_bearer(Context& net, std::string_view bearer, const AuthAttempt& attempt);

}  // namespace spine::net
