// HttpDesk: which answer an HTTP request gets, by who asks and what for. Reads and writes no
// socket.
#pragma once

#include <string_view>

#include "adapters/http/control_ui.h"
#include "adapters/http/guard.h"
#include "adapters/http/request_head.h"
#include "adapters/http/routes.h"
#include "adapters/websocket/net/perimeter.h"
#include "adapters/websocket/protocol/context.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::net {

// What a request's head says, as far as answering it needs. Borrowed from the head, until that
// reads another one.
struct ServedRequest : http::Request {
  std::string_view bearer{};         // of the Authorization header
  std::string_view websocket_key{};  // of a well-formed handshake; else empty
  // As proxies write them; believed of trusted ones only.
  std::string_view forwarded_for{};
  std::string_view forwarded_proto{};
  std::string_view forwarded_host{};
  bool forwarded{};   // any header that proxies add
  bool keep_alive{};  // the client wants to keep this connection, and may
};

// REQUIRES: the head is complete.
ServedRequest read_request(const http::RequestHead& head);

// Thread: net.
class HttpDesk {
 public:
  // `net` outlives it.
  explicit HttpDesk(Context& net);

  bool is_proxy(const IpAddress& address) const { return proxies_.contains(address); }
  // Finds the client's address, also behind proxies, and sets it in the socket and the request.
  // False when that address holds too many connections (too_many()).
  bool identify(Socket& socket, ServedRequest& request, Perimeter& perimeter) const;
  // Requests of foreign pages are counted.
  http::Response answer(const ServedRequest& request, const Socket& socket);
  // 200 when the connection may become a WebSocket. Stores its Host and Origin in the socket.
  http::Response confirm_upgrade(const ServedRequest& request, Socket& socket);
  // Whether it is for a webhook, and those are answered elsewhere.
  bool is_hook(const ServedRequest& request) const;
  // Gives the connection to whoever answers it; with 503 where that is too busy.
  void give_hook(UniqueFd fd, std::string_view address);
  // Whether to send HSTS: the server has its own TLS.
  bool hsts() const { return site_.tls; }

 private:
  http::Response answer_uncounted(const ServedRequest& request, const Socket& socket);
  http::Response ui_config(const ServedRequest& request, const Socket& socket);

  Context& net_;
  http::Site site_;
  TrustedProxies proxies_;
  http::ControlUi control_ui_;
};

// 429, for an address that holds too many connections.
http::Response too_many();

// The socket as the protocol sees it.
Peer peer_of(const Socket& socket);

}  // namespace spine::net
