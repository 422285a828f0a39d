// Admission: from a connect that is well formed to the input that announces the client.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/websocket/door/auth_limits.h"
#include "adapters/websocket/protocol/respond.h"

namespace spine::net {

// Verifies the device's proof, looks the device up, judges the credentials, and pairs where that is
// due. The result is a ClientConnected submitted to the engine, or a refused client. REQUIRES: the
// client's `joining` is set.
void start_admission(const Responder& client);

// Whether a bearer token in an HTTP request is accepted.
enum class Access : std::uint8_t { granted, refused, locked };
struct AccessVerdict {
  Access access{Access::refused};
  std::uint64_t retry_after_s{};  // when locked
};
// "" = none was sent. Rate-limited by failed attempts (auth_limits.h). Counts failures.
AccessVerdict check_bearer(Context& net, std::string_view bearer, const AuthAttempt& attempt);

}  // namespace spine::net
