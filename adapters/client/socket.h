// Socket: a connection to the gateway on which every wait has a deadline.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::client {

using Deadline = std::chrono::steady_clock::time_point;

inline Deadline in_ms(std::uint64_t ms) {
  return std::chrono::steady_clock::now() + std::chrono::milliseconds(ms);
}
// Milliseconds until the deadline, 0 when it has passed.
std::uint64_t left_ms(Deadline deadline);

// Every wait is bounded by a deadline. Thread: one. Errors of every call: Errc::timed_out at the
// deadline, Errc::unavailable if the peer is gone or nothing listens, Errc::io otherwise.
class Socket {
 public:
  Socket() = default;
  // `address` is numeric: "127.0.0.1" or "::1". Nobody listening: Errc::unavailable, with a text
  // that names the address and `spine start`.
  static Result<Socket> connect(const std::string& address, std::uint16_t port, Deadline deadline);
  // Non-blocking: once the socket is writable, failure() has the result.
  static Result<Socket> begin_connect(const std::string& address, std::uint16_t port);
  // Connects to a Unix socket. `path` may be longer than the kernel's bound for one.
  static Result<Socket> connect_local(const std::string& path, Deadline deadline);
  // Takes over a connected socket.
  explicit Socket(int fd) : fd_(fd) {}

  int fd() const { return fd_.get(); }
  // The errno of a finished begin_connect(); 0 = it is connected.
  int failure() const;
  Status write_all(std::string_view bytes, Deadline deadline);
  // Reads at least one byte, appended to `out`; 0 = the peer has closed.
  Result<std::size_t> read_some(std::string& out, Deadline deadline);

 private:
  UniqueFd fd_{};
};

}  // namespace spine::client
