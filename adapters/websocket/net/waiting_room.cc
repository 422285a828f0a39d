// Peeking at requests, and the order in which their senders are served.
#include "adapters/websocket/net/waiting_room.h"

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr int kLooksPerTurn = 8;
// How long a stranger may be inside while others wait: a round trip around the world.
constexpr std::uint64_t kGraceMs = 250;
// Reads to drain a leaving connection at once; one that has still more is closed.
constexpr int kThrowsPerLook = 32;

}  // namespace

WaitingRoom::WaitingRoom() : bytes_(limits::kHttpHeadBytesMax) {}

Status WaitingRoom::open() {
  epoll_ = UniqueFd{::epoll_create1(EPOLL_CLOEXEC)};
  if (!epoll_) return Error{Errc::io, "epoll could not be started."};
  return ok();
}

bool WaitingRoom::add(Socket& socket, int fd) {
  socket.outside = UniqueFd{fd};
  socket.place = Socket::Place::outside;
  // Edge-triggered: a head that comes byte by byte wakes once for each. It stays registered until
  // it goes inside, and again() checks it for bytes, so that no edge is missed.
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.ptr = &socket}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    socket.outside = UniqueFd{};
    socket.place = Socket::Place::none;
    return false;
  }
  look_at(socket, false);  // the epoll reports one that has already ended
  return true;
}

WaitingRoom::Look WaitingRoom::look_at(Socket& socket, bool ended) {
  const ssize_t count =
      ::recv(socket.outside.get(), bytes_.data(), bytes_.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count == 0) return Look::gone;
  if (count > 0) {
    using State = http::RequestHead::State;
    const bool sealed = socket.tls;  // its head cannot be peeked at
    const State state =
        sealed ? State::complete : head_.read({bytes_.data(), static_cast<std::size_t>(count)});
    if (state != State::incomplete) {
      const bool enters = sealed || (state == State::complete && head_.websocket());
      socket.lane = socket.control ? Lane::local
                    : enters       ? Lane::door
                                   : (socket.answered ? Lane::again : Lane::first);
      socket.place = Socket::Place::ready;
      lane(socket.lane).push_back(&socket);
      return Look::ready;
    }
  } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
    return Look::gone;
  }
  return ended ? Look::gone : Look::wait;
}

WaitingRoom::Look WaitingRoom::throw_away(const Socket& socket) {
  for (int i = 0; i < kThrowsPerLook; ++i) {
    const ssize_t count = ::recv(socket.outside.get(), bytes_.data(), bytes_.size(), MSG_DONTWAIT);
    if (count > 0) continue;
    const bool later = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    return later ? Look::wait : Look::gone;
  }
  return Look::gone;  // it keeps sending, and had its answer
}

void WaitingRoom::look(std::vector<Socket*>& gone) {
  std::array<epoll_event, kLooksPerTurn> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), kLooksPerTurn, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Socket& socket = *static_cast<Socket*>(event.data.ptr);
    const bool ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    Look look = Look::wait;
    if (socket.place == Socket::Place::outside) look = look_at(socket, ended);
    if (socket.place == Socket::Place::leaving) look = throw_away(socket);
    if (look == Look::gone) gone.push_back(&socket);
  }
}

Socket* WaitingRoom::next(Lane which) {
  if (lane(which).empty()) return nullptr;
  if (which == Lane::door && inside_.size() >= limits::kHandshakesInLibraryMax) return nullptr;
  Socket* socket = lane(which).front();
  lane(which).pop_front();
  socket->place = Socket::Place::answering;
  return socket;
}

std::string_view WaitingRoom::peek(const Socket& socket) {
  const ssize_t count =
      ::recv(socket.outside.get(), bytes_.data(), bytes_.size(), MSG_PEEK | MSG_DONTWAIT);
  return {bytes_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

void WaitingRoom::take(const Socket& socket, std::size_t bytes) {
  ::recv(socket.outside.get(), bytes_.data(), std::min(bytes, bytes_.size()), MSG_DONTWAIT);
}

bool WaitingRoom::again(Socket& socket) {
  socket.place = Socket::Place::outside;
  socket.answered = true;
  return look_at(socket, false) != Look::gone;
}

bool WaitingRoom::leave(Socket& socket) {
  ::shutdown(socket.outside.get(), SHUT_WR);
  socket.place = Socket::Place::leaving;
  return throw_away(socket) != Look::gone;
}

int WaitingRoom::enter(Socket& socket, std::uint64_t now_ms) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.outside.get(), nullptr);
  socket.place = Socket::Place::none;
  if (!socket.control) {
    socket.place = Socket::Place::inside;
    socket.entered_ms = now_ms;
    inside_.push_back(&socket);
  }
  return socket.outside.release();
}

UniqueFd WaitingRoom::give_away(Socket& socket) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.outside.get(), nullptr);
  socket.place = Socket::Place::none;
  return std::move(socket.outside);
}

void WaitingRoom::forget(Socket& socket) {
  switch (std::exchange(socket.place, Socket::Place::none)) {
    case Socket::Place::none:
      return;
    case Socket::Place::inside:
      std::erase(inside_, &socket);
      return;
    case Socket::Place::ready:
      std::erase(lane(socket.lane), &socket);
      break;
    case Socket::Place::outside:
    case Socket::Place::answering:
    case Socket::Place::leaving:
      break;
  }
  // A close alone is not enough: a process being started has copies for a moment.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.outside.get(), nullptr);
  // What is unread would turn the close into a reset.
  ::recv(socket.outside.get(), bytes_.data(), bytes_.size(), MSG_DONTWAIT);
  socket.outside = UniqueFd{};
}

bool WaitingRoom::crowded() const {
  return !lane(Lane::door).empty() && inside_.size() >= limits::kHandshakesInLibraryMax;
}

Socket* WaitingRoom::overdue(std::uint64_t now_ms) const {
  if (!crowded() || now_ms - inside_.front()->entered_ms < kGraceMs) return nullptr;
  return inside_.front();
}

bool WaitingRoom::has_next() const {
  for (const Lane which : {Lane::local, Lane::first, Lane::again}) {
    if (!lane(which).empty()) return true;
  }
  return !lane(Lane::door).empty() && !crowded();
}

std::uint64_t WaitingRoom::next_check_ms(std::uint64_t now_ms) const {
  if (has_next()) return now_ms;
  return crowded() ? inside_.front()->entered_ms + kGraceMs : 0;
}

}  // namespace spine::net
