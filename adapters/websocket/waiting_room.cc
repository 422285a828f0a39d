// Peeking at requests, and the order in which their senders enter.
#include "adapters/websocket/waiting_room.h"

#include <array>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

constexpr int kLooksPerTurn = 8;
// What a stranger has with the library when others wait: a round trip around the world.
constexpr std::uint64_t kGraceMs = 250;

// Whether the empty line that ends a request's head is there.
bool has_whole_head(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at)) {
    ++at;
    if (at < text.size() && text[at] == '\r') ++at;
    if (at < text.size() && text[at] == '\n') return true;
  }
  return false;
}

// What cannot become a request need not be waited for: the library turns it away.
bool begins_like_a_request(std::string_view text) {
  return text.front() >= 'A' && text.front() <= 'Z';
}

}  // namespace

Status WaitingRoom::open() {
  epoll_ = UniqueFd{::epoll_create1(EPOLL_CLOEXEC)};
  if (!epoll_) return Error{Errc::io, "epoll could not be started."};
  head_.resize(limits::kHttpHeaderBytes);
  return ok();
}

bool WaitingRoom::add(Socket& socket, int fd) {
  socket.outside = UniqueFd{fd};
  socket.place = Socket::Place::outside;
  // Edge-triggered: a head that comes in bytes wakes once for each.
  epoll_event event{.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = {.ptr = &socket}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    socket.outside = UniqueFd{};
    socket.place = Socket::Place::none;
    return false;
  }
  if (look_at(socket, false) == Look::ready) make_ready(socket);
  return true;
}

WaitingRoom::Look WaitingRoom::look_at(const Socket& socket, bool ended) {
  const ssize_t bytes =
      ::recv(socket.outside.get(), head_.data(), head_.size(), MSG_PEEK | MSG_DONTWAIT);
  if (bytes == 0) return Look::gone;
  if (bytes > 0) {
    const std::string_view text{head_.data(), static_cast<std::size_t>(bytes)};
    if (socket.tls || text.size() == head_.size() || !begins_like_a_request(text) ||
        has_whole_head(text)) {
      return Look::ready;
    }
  }
  return ended ? Look::gone : Look::wait;
}

void WaitingRoom::make_ready(Socket& socket) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, socket.outside.get(), nullptr);
  socket.place = Socket::Place::ready;
  ready_.push_back(&socket);
}

void WaitingRoom::look(std::vector<Socket*>& gone) {
  std::array<epoll_event, kLooksPerTurn> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), kLooksPerTurn, 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Socket& socket = *static_cast<Socket*>(event.data.ptr);
    const bool ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    switch (look_at(socket, ended)) {
      case Look::ready:
        make_ready(socket);
        break;
      case Look::gone:
        gone.push_back(&socket);
        break;
      case Look::wait:
        break;
    }
  }
}

Socket* WaitingRoom::next() {
  if (ready_.empty() || inside_.size() >= limits::kStrangersInsideMax) return nullptr;
  return ready_.front();
}

int WaitingRoom::enter(Socket& socket, std::uint64_t now_ms) {
  ready_.pop_front();
  socket.place = Socket::Place::inside;
  socket.entered_ms = now_ms;
  inside_.push_back(&socket);
  return socket.outside.release();
}

void WaitingRoom::forget(Socket& socket) {
  switch (std::exchange(socket.place, Socket::Place::none)) {
    case Socket::Place::none:
      return;
    case Socket::Place::inside:
      std::erase(inside_, &socket);
      return;
    case Socket::Place::ready:
      std::erase(ready_, &socket);
      break;
    case Socket::Place::outside:
      break;
  }
  // What is unread would turn the close into a reset.
  ::recv(socket.outside.get(), head_.data(), head_.size(), MSG_DONTWAIT);
  socket.outside = UniqueFd{};
}

bool WaitingRoom::crowded() const {
  return !ready_.empty() && inside_.size() >= limits::kStrangersInsideMax;
}

Socket* WaitingRoom::overdue(std::uint64_t now_ms) const {
  if (!crowded() || now_ms - inside_.front()->entered_ms < kGraceMs) return nullptr;
  return inside_.front();
}

std::uint64_t WaitingRoom::next_check_ms(std::uint64_t now_ms) const {
  if (ready_.empty()) return 0;
  return crowded() ? inside_.front()->entered_ms + kGraceMs : now_ms;
}

}  // namespace spine::net
