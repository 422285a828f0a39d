// Listener: the listening sockets, bound before anything else of the daemon is opened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine::net {

struct ListeningSockets {
  std::vector<int> descriptors{};  // the caller's to close
  std::uint16_t port{};
};

// Binds every address on one port (0 = one that is free on all of them) and listens. An address of
// a family this machine does not have is left out, as long as one remains.
// Errors: in_use with the owner's name and pid; invalid_argument for what is no address; io.
Result<ListeningSockets> listen_on(const std::vector<std::string>& addresses, std::uint16_t port);

// The next connection that waits, non-blocking, close-on-exec, without Nagle's delay; -1 when
// there is none. When the process is out of descriptors the connection is taken and dropped, so
// that it does not stay at the head of the queue for ever. Thread: one.
class Acceptor {
 public:
  Acceptor();
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  int accept(int listening);

 private:
  int spare_{-1};  // given up for a moment to drop a connection
};

}  // namespace spine::net
