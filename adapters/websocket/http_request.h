// OwnedRequest: what the library parsed of an HTTP request, taken out of its header table.
#pragma once

#include <libwebsockets.h>
#include <string>

#include "adapters/http/routes.h"

namespace spine::net {

struct OwnedRequest {
  std::string path{};
  std::string query{};
  std::string host{};
  std::string origin{};
  std::string bearer{};  // of the Authorization header
  std::string accept_encoding{};
  std::string if_none_match{};
  // As proxies write them; believed of trusted ones only.
  std::string forwarded_for{};
  std::string forwarded_proto{};
  std::string forwarded_host{};
  bool forwarded{};   // any header by which a proxy shows
  bool keep_alive{};  // the client would go on with this connection
  http::Request view{};

  // Sets the parts of `view` that borrow from the strings above.
  void refresh();
};

// REQUIRES: the library is in a callback about a request of this connection.
void read_request(lws* wsi, OwnedRequest& request);

}  // namespace spine::net
