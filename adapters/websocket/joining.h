// Joining: what is known of a connection between its connect and its hello-ok.
#pragma once

#include <string>

#include "adapters/websocket/connect_params.h"
#include "adapters/websocket/credentials.h"

namespace spine::net {

struct Joining {
  ConnectParams params{};
  Judgement judgement{};
  ScopeSet paired_scopes{};    // judgement.pair: what the device is to have
  Digest256 token_hash{};      // of the token the device has already; zeros = none
  std::string issued_token{};  // secret: told once, in hello-ok
};

}  // namespace spine::net
