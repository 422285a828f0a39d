// ConnectParams: the parameters of connect, read strictly as OpenClaw's gateway reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/websocket/connections.h"
#include "adapters/websocket/params.h"

namespace spine::net {

// Borrowed from the request.
struct ConnectParams {
  std::int64_t min_protocol{};
  std::int64_t max_protocol{};
  std::string_view client_id{};
  std::string_view client_mode{};
  std::string_view client_version{};
  std::string_view platform{};
  std::string_view device_family{};
  std::string_view display_name{};
  std::string_view instance_id{};
  std::string_view role{};
  ScopeSet scopes{};
  std::string_view token{};     // auth.token
  std::string_view password{};  // auth.password
  bool has_device{};
};

// Complaints go to the Params' problem.
void read_connect(Params& params, ConnectParams& out);

}  // namespace spine::net
