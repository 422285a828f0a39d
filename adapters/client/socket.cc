// Socket: non-blocking connect, poll, read and write.
#include "adapters/client/socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "schemas/vocab/addresses.h"

namespace spine::client {
namespace {

Status wait_for(int fd, short events, Deadline deadline) {
  for (;;) {
    const std::uint64_t ms = left_ms(deadline);
    if (ms == 0) return Error{Errc::timed_out, "The gateway did not answer in time."};
    pollfd entry{fd, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::min<std::uint64_t>(ms, 60'000)));
    if (ready > 0) return ok();
    if (ready < 0 && errno != EINTR) {
      return Error{Errc::io, fmt::format("Waiting for the gateway failed: {}.", strerror(errno))};
    }
  }
}

Error gone() {
  return {Errc::unavailable, "The connection to the gateway was lost."};
}

Error cannot_connect(const std::string& address, std::uint16_t port, int failure) {
  if (failure == ECONNREFUSED) {
    return {Errc::unavailable,
            fmt::format("Connection refused: no gateway is listening on ws://{}\n"
                        "To start it: spine start",
                        show_host_port(address, port))};
  }
  return {Errc::unavailable, fmt::format("Cannot connect to {}: {}.", show_host_port(address, port),
                                         strerror(failure))};
}

struct FreeAddress {
  void operator()(addrinfo* info) const { ::freeaddrinfo(info); }
};

}  // namespace

std::uint64_t left_ms(Deadline deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return left.count() > 0 ? static_cast<std::uint64_t>(left.count()) : 0;
}

Result<Socket> Socket::begin_connect(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Error{Errc::invalid_argument,
                 fmt::format("\"{}\" is not an IP address to connect to.", address)};
  }
  const std::unique_ptr<addrinfo, FreeAddress> info(found);
  Socket socket(::socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.fd_) {
    return Error{Errc::io, fmt::format("Cannot make a socket: {}.", strerror(errno))};
  }
  const int on = 1;
  ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(socket.fd(), info->ai_addr, info->ai_addrlen) != 0 && errno != EINPROGRESS) {
    return cannot_connect(address, port, errno);
  }
  return socket;
}

int Socket::failure() const {
  int failure = 0;
  socklen_t size = sizeof failure;
  return ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

Result<Socket> Socket::connect(const std::string& address, std::uint16_t port, Deadline deadline) {
  SPINE_TRY(Socket socket, begin_connect(address, port));
  SPINE_TRY_STATUS(wait_for(socket.fd(), POLLOUT, deadline));
  if (const int failure = socket.failure(); failure != 0) {
    return cannot_connect(address, port, failure);
  }
  return socket;
}

Result<Socket> Socket::connect_local(const std::string& path, Deadline deadline) {
  // Through its folder's descriptor in /proc, as sun_path holds only 108 bytes.
  const std::filesystem::path file{path};
  const UniqueFd folder{::open(file.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name =
      fmt::format("/proc/self/fd/{}/{}", folder.get(), file.filename().string());
  if (!folder || name.size() >= sizeof address.sun_path) {
    return Error{Errc::unavailable, fmt::format("There is no control socket {}.", path)};
  }
  std::memcpy(address.sun_path, name.c_str(), name.size() + 1);
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  for (;;) {
    if (!socket.fd_) break;
    if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      return socket;
    }
    // EAGAIN: the listen backlog is full, and a non-blocking Unix socket does not wait for it.
    if (errno != EAGAIN || left_ms(deadline) == 0) break;
    ::poll(nullptr, 0, 10);
  }
  return Error{Errc::unavailable, fmt::format("Cannot connect to {}: {}.", path, strerror(errno))};
}

Status Socket::write_all(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      SPINE_TRY_STATUS(wait_for(fd(), POLLOUT, deadline));
    } else if (errno != EINTR) {
      return gone();
    }
  }
  return ok();
}

Result<std::size_t> Socket::read_some(std::string& out, Deadline deadline) {
  std::array<char, 16 * 1024> buffer{};
  for (;;) {
    const ssize_t n = ::recv(fd(), buffer.data(), buffer.size(), 0);
    if (n >= 0) {
      out.append(buffer.data(), static_cast<std::size_t>(n));
      return static_cast<std::size_t>(n);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      SPINE_TRY_STATUS(wait_for(fd(), POLLIN, deadline));
    } else if (errno != EINTR) {
      return gone();
    }
  }
}

}  // namespace spine::client
