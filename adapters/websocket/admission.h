// Admission: from a connect that is well formed to the input that announces the client.
#pragma once

#include <string_view>

#include "adapters/websocket/respond.h"

namespace spine::net {

// Proves the device, looks it up, judges the credentials, pairs where that is due. What it leads to
// is a ClientConnected on its way to the engine, or the client turned away. REQUIRES: the client's
// `joining` is there.
void start_admission(const Responder& client);

// What the bearer token of an HTTP request is worth ("" = none was sent), with the limits of
// failed attempts (auth_limits.h). Counts failures.
AccessVerdict check_bearer(Context& net, std::string_view bearer, const AuthAttempt& attempt);

}  // namespace spine::net
