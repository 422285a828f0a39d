// Plain TCP sockets: what the load generator needs of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/result.h"

namespace spine::bench {

// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();
  int fd() const { return fd_; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_{-1};
};

// A non-blocking connect has been begun; writable means it is done. host: an IPv4 or IPv6 address.
Result<Socket> begin_connect(const std::string& host, std::uint16_t port);
// The error of the connect that was begun, empty when it succeeded.
std::string connect_error(int fd);

// A blocking conversation for preparations: sends all, and reads until `until` has been seen.
// Times out after 10 s.
Result<std::string> converse(const std::string& host, std::uint16_t port, std::string_view text,
                             std::string_view until);

}  // namespace spine::bench
