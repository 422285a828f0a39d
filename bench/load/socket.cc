// Plain TCP sockets.
#include "bench/load/socket.h"

#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace spine::bench {
namespace {

Error failed(const std::string& what, const std::string& host, std::uint16_t port, int code) {
  return {Errc::io, fmt::format("{} {}:{} failed: {}.", what, host, port, std::strerror(code))};
}

bool wait_for(int fd, short events) {
  pollfd entry{.fd = fd, .events = events, .revents = 0};
  return poll(&entry, 1, 10'000) == 1;
}

}  // namespace

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.release();
  }
  return *this;
}

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

Result<Socket> begin_connect(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) {
    return Error{Errc::invalid_argument, "\"" + host + "\" is not an IP address."};
  }
  Socket socket{::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (socket.fd() < 0) {
    const int code = errno;
    freeaddrinfo(found);
    return failed("Opening a socket for", host, port, code);
  }
  const int one = 1;
  setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  const int rc = ::connect(socket.fd(), found->ai_addr, found->ai_addrlen);
  const int code = errno;
  freeaddrinfo(found);
  if (rc != 0 && code != EINPROGRESS) return failed("Connecting to", host, port, code);
  return socket;
}

std::string connect_error(int fd) {
  int code = 0;
  socklen_t bytes = sizeof code;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &bytes) != 0) code = errno;
  return code == 0 ? std::string{} : std::string{std::strerror(code)};
}

Result<std::string> converse(const std::string& host, std::uint16_t port, std::string_view text,
                             std::string_view until) {
  SPINE_TRY(auto socket, begin_connect(host, port));
  if (!wait_for(socket.fd(), POLLOUT)) return failed("Connecting to", host, port, ETIMEDOUT);
  if (const auto error = connect_error(socket.fd()); !error.empty()) {
    return Error{Errc::unavailable,
                 fmt::format("Connecting to {}:{} failed: {}.", host, port, error)};
  }
  while (!text.empty()) {
    if (!wait_for(socket.fd(), POLLOUT)) return failed("Writing to", host, port, ETIMEDOUT);
    const auto n = send(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0) return failed("Writing to", host, port, errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  std::string answer;
  char piece[4096];
  while (answer.find(until) == std::string::npos) {
    if (!wait_for(socket.fd(), POLLIN)) return failed("Waiting for", host, port, ETIMEDOUT);
    const auto n = recv(socket.fd(), piece, sizeof piece, 0);
    if (n < 0) return failed("Reading from", host, port, errno);
    if (n == 0) return Error{Errc::unavailable, "The server hung up; it said: " + answer};
    answer.append(piece, static_cast<std::size_t>(n));
  }
  return answer;
}

}  // namespace spine::bench
