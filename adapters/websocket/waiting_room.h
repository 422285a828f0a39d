// WaitingRoom: strangers that have not sent a whole request yet, kept out of the library's poll().
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "adapters/websocket/perimeter.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::net {

// The library looks at every descriptor it has on every turn, so what is silent would slow down
// everybody. Here silence costs nothing, and only kStrangersInsideMax of those that have spoken are
// with the library at once, until they say hello. Thread: net.
class WaitingRoom {
 public:
  // Errors: io.
  Status open();
  // Readable when look() has something to do. The room's own.
  int descriptor() const { return epoll_.get(); }

  // Takes over the connection `fd`. False when the system has no room: `fd` is closed.
  bool add(Socket& socket, int fd);
  // Looks at some of those that have sent something. `gone` gets those that ended instead.
  void look(std::vector<Socket*>& gone);

  // Who may enter now, first come first served; null when nobody may.
  Socket* next();
  // Its descriptor, the caller's from here on. REQUIRES: it is next().
  int enter(Socket& socket, std::uint64_t now_ms);
  // Is no stranger any more, or has ended. Its descriptor is closed if it was still here.
  void forget(Socket& socket);

  // Who has to make room: others wait, all places are taken, and it had its time. Null = nobody.
  Socket* overdue(std::uint64_t now_ms) const;
  // When next() or overdue() should be asked again, 0 = no need.
  std::uint64_t next_check_ms(std::uint64_t now_ms) const;
  // Whether somebody waits for a place that another one has.
  bool crowded() const;

  std::size_t inside() const { return inside_.size(); }

 private:
  enum class Look : std::uint8_t { wait, ready, gone };
  Look look_at(const Socket& socket, bool ended);
  void make_ready(Socket& socket);

  UniqueFd epoll_{};
  std::deque<Socket*> ready_{};    // in order
  std::vector<Socket*> inside_{};  // in order of entry
  std::vector<char> head_{};       // of a request, looked at
};

}  // namespace spine::net
