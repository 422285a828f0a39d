// WaitingRoom: plain connections before they are WebSockets, kept out of the library's poll().
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include "adapters/http/request_head.h"
#include "adapters/websocket/net/perimeter.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::net {

// libwebsockets polls every descriptor it has on every turn, so idle connections would slow down
// all others. Here they wait in an epoll: heads are peeked at in the kernel's buffer, and consumed
// when they are answered. At most kHandshakesInLibraryMax strangers (upgraded to WebSocket, or with
// TLS) are inside the library at once. Thread: net.
class WaitingRoom {
 public:
  WaitingRoom();
  // Errors: io.
  Status open();
  // Readable when look() has something to do. Owned by the room.
  int descriptor() const { return epoll_.get(); }

  // Takes over the connection `fd`. False when epoll cannot watch it: `fd` is closed.
  bool add(Socket& socket, int fd);
  // Checks some of the connections that have sent something. `gone` gets those that have ended.
  void look(std::vector<Socket*>& gone);

  // The next connection to serve, first come first served in each lane; null = none now. Its place
  // is `answering` from then on.
  Socket* next(Lane lane);
  // The bytes received, not consumed, borrowed until the next call. REQUIRES: it is answering.
  std::string_view peek(const Socket& socket);
  // Consumes so many of them.
  void take(const Socket& socket, std::size_t bytes);
  // It was answered: waits for its next request. False when it has ended.
  bool again(Socket& socket);
  // It was answered for the last time: what still comes is thrown away, so that the answer arrives
  // (closing with unread bytes resets the connection, and may take the answer with it). False when
  // it has ended.
  bool leave(Socket& socket);

  // Moves it inside; returns its descriptor, which the caller now owns. REQUIRES: it is answering.
  int enter(Socket& socket, std::uint64_t now_ms);
  // Its request is another's business, unread as it is. REQUIRES: it is answering.
  UniqueFd give_away(Socket& socket);
  // It is no stranger any more, or has ended. Its descriptor is closed if it was still here.
  void forget(Socket& socket);

  // Whom to evict: others wait, all places are taken, and its grace time is over. Null = nobody.
  Socket* overdue(std::uint64_t now_ms) const;
  // When next() or overdue() should be asked again, 0 = no need.
  std::uint64_t next_check_ms(std::uint64_t now_ms) const;
  // Whether next() would return a connection now, in some lane.
  bool has_next() const;
  // Whether a connection waits for a place inside while all are taken.
  bool crowded() const;

  std::size_t inside() const { return inside_.size(); }

 private:
  enum class Look : std::uint8_t { wait, ready, gone };
  // Queues it in its lane when its request is complete.
  Look look_at(Socket& socket, bool ended);
  Look throw_away(const Socket& socket);
  std::deque<Socket*>& lane(Lane which) { return lanes_[static_cast<std::size_t>(which)]; }
  const std::deque<Socket*>& lane(Lane which) const {
    return lanes_[static_cast<std::size_t>(which)];
  }

  UniqueFd epoll_{};
  std::array<std::deque<Socket*>, static_cast<std::size_t>(Lane::count)> lanes_{};
  std::vector<Socket*> inside_{};  // in order of entry
  std::vector<char> bytes_{};      // peeked at
  http::RequestHead head_{};
};

}  // namespace spine::net
