// HttpOut: one HTTP response being sent, written straight to the socket, not by libwebsockets.
// Version 4.1.6 of the library does not return from its service loop when a peer closes while the
// library holds output for it, and spins when an HTTP connection is not to be read from: so it is
// never given anything to hold, and a socket that is full is waited for in an epoll of ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

struct ssl_st;

namespace spine::net {

// Where a response goes.
struct HttpTarget {
  int descriptor{-1};
  ssl_st* tls{};  // null = plain
};

// Shuts down the sending side: what was sent still arrives, which a close may prevent.
void half_close(const HttpTarget& target);

// Thread: net.
class HttpOut {
 public:
  // `text` is sent, then `file_bytes` of the file from its start.
  HttpOut(std::string text, UniqueFd file, std::uint64_t file_bytes, bool keep_alive)
      : chunk_(std::move(text)),
        file_(std::move(file)),
        left_(file_bytes),
        keep_alive_(keep_alive) {}

  enum class Progress : std::uint8_t {
    done,
    blocked,  // the socket takes no more: call again when it is writable
    turn,     // enough for one turn: call again soon
    broken,   // the connection failed, or the file became shorter
  };
  Progress pump(const HttpTarget& target);

  bool keep_alive() const { return keep_alive_; }
  // Bytes written so far.
  std::uint64_t written() const { return written_; }

 private:
  bool refill();

  // Repeated as it is until the socket took it: TLS wants the same bytes again.
  std::string chunk_;
  std::size_t at_{};
  UniqueFd file_;
  std::uint64_t left_;
  std::uint64_t offset_{};
  std::uint64_t written_{};
  bool keep_alive_;
};

struct Socket;

// Full sockets with a response waiting: watched until they are writable. Thread: net.
class FullSockets {
 public:
  // Errors: io.
  Status open();
  // Readable when some socket is writable. Owned by this.
  int descriptor() const { return epoll_.get(); }
  // False when epoll cannot watch it.
  bool add(Socket& socket, int fd);
  // An epoll drops a descriptor only when its last copy is closed, and an agent's process that is
  // just being started has copies: without this it could report a socket that is already gone.
  void remove(int fd);
  // The next writable socket. Null = none.
  Socket* next();

 private:
  UniqueFd epoll_{};
};

}  // namespace spine::net
