// ConnectParams: the parameters of connect, read strictly as OpenClaw's gateway reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/websocket/door/device_identity.h"
#include "adapters/websocket/protocol/connections.h"
#include "adapters/websocket/protocol/params.h"

namespace spine::net {

// Owned: it outlives the frame while the device is looked up.
struct ConnectParams : ClientFacts {
  std::int64_t min_protocol{};
  std::int64_t max_protocol{};
  ScopeSet scopes{};
  std::string scopes_text{};   // as asked for, joined with ",": what is signed
  std::string token{};         // auth.token
  std::string password{};      // auth.password
  std::string device_token{};  // auth.deviceToken
  std::string bootstrap_token{};
  bool has_device{};
  DeviceProof device{};

  // The token the signature covers.
  std::string_view signed_token() const;
};

// Complaints go to the Params' problem.
void read_connect(Params& params, ConnectParams& out);

}  // namespace spine::net
