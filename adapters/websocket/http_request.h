// ServedRequest: what a request's head says, as far as answering it needs.
#pragma once

#include <string_view>

#include "adapters/http/request_head.h"
#include "adapters/http/routes.h"

namespace spine::net {

// Borrowed from the head, until that reads another one.
struct ServedRequest : http::Request {
  std::string_view bearer{};         // of the Authorization header
  std::string_view websocket_key{};  // of a well-formed handshake; else empty
  // As proxies write them; believed of trusted ones only.
  std::string_view forwarded_for{};
  std::string_view forwarded_proto{};
  std::string_view forwarded_host{};
  bool forwarded{};   // any header by which a proxy shows
  bool keep_alive{};  // the client would go on with this connection, and may
};

// REQUIRES: the head is complete.
ServedRequest read_request(const http::RequestHead& head);

}  // namespace spine::net
