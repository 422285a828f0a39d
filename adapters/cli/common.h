// What every verb needs: the gateway that is meant, and the exit codes.
#pragma once

#include "adapters/gateway/gateway_place.h"
#include "schemas/vocab/verbs.h"

namespace spine::cli {

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
