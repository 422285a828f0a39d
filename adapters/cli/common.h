// What every verb needs: the exit codes, and the gateway that is meant.
#pragma once

#include "adapters/gateway/gateway_place.h"

namespace spine::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;

using client::Target;
using gateway::address_text;
using gateway::Common;
using gateway::control_socket_path;
using gateway::environment;
using gateway::given;
using gateway::is_set;
using gateway::locate;
using gateway::log_file;
using gateway::Place;

}  // namespace spine::cli
