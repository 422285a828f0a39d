// Peer: who is at the other end of a WebSocket connection, as far as the socket and upgrade tell.
#pragma once

#include <string_view>

namespace spine::net {

// Borrowed for the call.
struct Peer {
  std::string_view address{};  // without the port; "local" on the control socket
  std::string_view host{};     // behind a trusted proxy the forwarded one
  std::string_view origin{};   // empty = none was sent
  bool origin_allowed{true};
  bool loopback{};        // a program on this machine that came straight here, by a loopback name
  bool control_socket{};  // the person at the machine
};

}  // namespace spine::net
