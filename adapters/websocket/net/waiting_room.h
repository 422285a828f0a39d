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

// The library looks at every descriptor it has on every turn, so what is silent would slow down
// everybody. Here silence costs nothing: heads are looked at where they lie in the kernel, and
// taken out when they are answered. Only kStrangersInsideMax of those that want to be WebSockets,
// or that speak TLS, are with the library at once, until they say hello. Thread: net.
class WaitingRoom {
 public:
  WaitingRoom();
  // Errors: io.
  Status open();
  // Readable when look() has something to do. The room's own.
  int descriptor() const { return epoll_.get(); }

  // Takes over the connection `fd`. False when the system has no room: `fd` is closed.
  bool add(Socket& socket, int fd);
  // Looks at some of those that have sent something. `gone` gets those that ended instead.
  void look(std::vector<Socket*>& gone);

  // Who is served now, first come first served in each lane; null when nobody may be. It is
  // answering from then on.
  Socket* next(Lane lane);
  // The bytes that are there, borrowed until the next call. REQUIRES: it is answering.
  std::string_view peek(const Socket& socket);
  // Takes so many of them out of the kernel.
  void take(const Socket& socket, std::size_t bytes);
  // It was answered: waits for its next request. False when it has ended.
  bool again(Socket& socket);
  // It was answered for the last time: what still comes is thrown away, so that the answer arrives
  // (closing with unread bytes resets the connection, and may take the answer with it). False when
  // it has ended.
  bool leave(Socket& socket);

  // It goes inside: its descriptor, the caller's from here on. REQUIRES: it is answering.
  int enter(Socket& socket, std::uint64_t now_ms);
  // Is no stranger any more, or has ended. Its descriptor is closed if it was still here.
  void forget(Socket& socket);

  // Who has to make room: others wait, all places are taken, and it had its time. Null = nobody.
  Socket* overdue(std::uint64_t now_ms) const;
  // When next() or overdue() should be asked again, 0 = no need.
  std::uint64_t next_check_ms(std::uint64_t now_ms) const;
  // Whether next() has somebody now.
  bool has_next() const;
  // Whether somebody waits for a place that another one has.
  bool crowded() const;

  std::size_t inside() const { return inside_.size(); }

 private:
  enum class Look : std::uint8_t { wait, ready, gone };
  // Moves it on when it is ready.
  Look look_at(Socket& socket, bool ended);
  Look throw_away(const Socket& socket);
  std::deque<Socket*>& lane(Lane which) { return lanes_[static_cast<std::size_t>(which)]; }
  const std::deque<Socket*>& lane(Lane which) const {
    return lanes_[static_cast<std::size_t>(which)];
  }

  UniqueFd epoll_{};
  std::array<std::deque<Socket*>, static_cast<std::size_t>(Lane::count)> lanes_{};
  std::vector<Socket*> inside_{};  // in order of entry
  std::vector<char> bytes_{};      // looked at
  http::RequestHead head_{};
};

}  // namespace spine::net
