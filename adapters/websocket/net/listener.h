// Listener: the listening sockets, bound before anything else of the daemon is opened.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::net {

struct ListeningSockets {
  std::vector<UniqueFd> descriptors{};
  std::uint16_t port{};
};

// Binds every address on one port (0 = one that is free on all of them) and listens. An address of
// a family this machine does not have is left out, as long as one remains.
// Errors: in_use with the owner's name and pid; invalid_argument for what is no address; io.
Result<ListeningSockets> listen_on(const std::vector<std::string>& addresses, std::uint16_t port);

// The file of a control socket; the destructor removes it unless another file took its place.
class ControlSocket {
 public:
  // Listens on a Unix socket at `path`, mode 0600, in a folder that is ours alone: a socket left
  // there by an earlier process is replaced. Paths longer than sun_path are reached through their
  // folder. Errors: in_use when something else than a socket is there; io.
  static Result<ControlSocket> listen(const std::string& path);
  ControlSocket(ControlSocket&& other) noexcept { swap(other); }
  ControlSocket& operator=(ControlSocket&& other) noexcept {
    swap(other);
    return *this;
  }
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;
  ~ControlSocket();

  // The listening socket; the caller owns it from then on.
  int release() { return descriptor_.release(); }

 private:
  ControlSocket() = default;
  void swap(ControlSocket& other) noexcept;
  std::string path_{};
  std::uint64_t device_{};
  std::uint64_t inode_{};
  UniqueFd descriptor_{};
};

// Whether the other end of a Unix socket is run by this user or root; `uid` gets whose it is.
bool peer_is_ours(int descriptor, std::uint32_t& uid);

// The next connection that waits, non-blocking, close-on-exec, without Nagle's delay; -1 when
// there is none. When the process is out of descriptors the connection is taken and dropped, so
// that it does not stay at the head of the queue for ever. Thread: one.
class Acceptor {
 public:
  Acceptor();
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  // `address` gets the IP address of the other end, without the port; empty for Unix sockets.
  int accept(int listening, std::string& address);

 private:
  int spare_{-1};  // closed for a moment to accept and drop a connection
};

}  // namespace spine::net
