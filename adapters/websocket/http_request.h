// OwnedRequest: what a request's head says, taken out of the bytes it stood in.
#pragma once

#include <string>

#include "adapters/http/request_head.h"
#include "adapters/http/routes.h"

namespace spine::net {

struct OwnedRequest {
  std::string method{};
  std::string path{};
  std::string query{};
  std::string host{};
  std::string origin{};
  std::string bearer{};  // of the Authorization header
  std::string accept_encoding{};
  std::string if_none_match{};
  std::string websocket_key{};  // of a well-formed handshake; else empty
  // As proxies write them; believed of trusted ones only.
  std::string forwarded_for{};
  std::string forwarded_proto{};
  std::string forwarded_host{};
  bool forwarded{};   // any header by which a proxy shows
  bool keep_alive{};  // the client would go on with this connection, and may
  http::Request view{};

  // Sets the parts of `view` that borrow from the strings above.
  void refresh();
};

// REQUIRES: the head is complete.
void read_request(const http::RequestHead& head, OwnedRequest& request);

}  // namespace spine::net
