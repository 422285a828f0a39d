// The epoll loop of an attacker.
#include "bench/flood/flooder.h"

#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "adapters/client/socket.h"
#include "bench/load/cpu.h"

namespace spine::bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;
constexpr int kDeafBufferBytes = 4'096;
constexpr std::int64_t kClockEveryNs = 2'000'000;
constexpr std::int64_t kAgainNs = 10'000'000;  // before a place that failed is tried again
constexpr std::uint32_t kBeginsAtOnce = 256;

}  // namespace

struct Flooder::Place {
  Hostile hostile{};
  client::Socket socket{};
  bool connected{};
  std::uint32_t watched{};
  std::size_t sent{};       // of out
  std::int64_t again_ns{};  // when there is no socket: not before
};

Flooder::Flooder(const FloodOptions& options, const std::atomic<bool>& stop)
    : options_(options),
      stop_(stop),
      attack_(make_attack(options)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(kReadBytes, '\0') {
  for (std::uint32_t i = 0; i < options.connections; ++i) {
    places_.push_back(std::make_unique<Place>());
    places_.back()->hostile.index = i;
  }
}

Flooder::~Flooder() = default;

FloodTally Flooder::run() {
  const std::int64_t began = monotonic_ns();
  const std::int64_t end = began + static_cast<std::int64_t>(options_.seconds * 1e9);
  std::array<epoll_event, 256> events{};
  std::int64_t clock_ns = 0;
  while (!stop_.load(std::memory_order_relaxed) && monotonic_ns() < end) {
    const int ready = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 2);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      handle(*static_cast<Place*>(event.data.ptr), event.events);
    }
    if (monotonic_ns() - clock_ns < kClockEveryNs) continue;
    clock_ns = monotonic_ns();
    look_at_clock();
  }
  for (const auto& place : places_)
    tally_.count += place->hostile.count;
  tally_.seconds = static_cast<double>(monotonic_ns() - began) / 1e9;
  return tally_;
}

void Flooder::look_at_clock() {
  const std::int64_t now = monotonic_ns();
  std::uint32_t begun = 0;
  for (const auto& place : places_) {
    Hostile& hostile = place->hostile;
    if (place->socket.fd() < 0) {
      if (place->again_ns <= now && begun++ < kBeginsAtOnce) begin(*place);
    } else if (place->connected && hostile.due_ns != 0 && hostile.due_ns <= now) {
      hostile.due_ns = 0;
      // What the peer does not take is not piled up.
      if (hostile.out.empty() || options_.kind == FloodKind::handshakes) {
        attack_->due(hostile);
      } else {
        hostile.due_ns = now + kAgainNs;
      }
      settle(*place);
    }
  }
}

void Flooder::begin(Place& place) {
  auto socket = client::Socket::begin_connect(options_.host, options_.port);
  if (!socket) {
    ++tally_.failed;
    place.again_ns = monotonic_ns() + kAgainNs;
    return;
  }
  place.socket = std::move(*socket);
  // It ends with a reset, so that no port waits.
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(place.socket.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  if (options_.kind == FloodKind::readers) {
    setsockopt(place.socket.fd(), SOL_SOCKET, SO_RCVBUF, &kDeafBufferBytes,
               sizeof kDeafBufferBytes);
  }
  place.watched = EPOLLOUT;
  epoll_event event{.events = EPOLLOUT, .data = {.ptr = &place}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, place.socket.fd(), &event);
}

void Flooder::handle(Place& place, std::uint32_t events) {
  if (place.socket.fd() < 0) return;
  if (!place.connected) {
    if (place.socket.failure() != 0) {
      ++tally_.failed;
      return drop(place);
    }
    place.connected = true;
    ++tally_.opened;
    attack_->connected(place.hostile);
  } else if (place.hostile.deaf && (events & (EPOLLERR | EPOLLHUP)) != 0) {
    ++tally_.closed;
    return drop(place);
  } else if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) {
    read(place);
  }
  settle(place);
}

void Flooder::read(Place& place) {
  const ssize_t got = recv(place.socket.fd(), buffer_.data(), buffer_.size(), 0);
  if (got > 0) {
    place.hostile.in.append(buffer_.data(), static_cast<std::size_t>(got));
    attack_->received(place.hostile);
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    ++tally_.closed;
    attack_->closed(place.hostile);
    place.hostile.finished = true;
  }
}

void Flooder::write(Place& place) {
  std::string& out = place.hostile.out;
  while (place.sent < out.size()) {
    const ssize_t n =
        send(place.socket.fd(), out.data() + place.sent, out.size() - place.sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN && errno != EINTR) place.hostile.finished = true;
      return;
    }
    place.sent += static_cast<std::size_t>(n);
  }
  out.clear();
  place.sent = 0;
}

void Flooder::settle(Place& place) {
  if (!place.hostile.finished) write(place);
  if (place.hostile.finished) return drop(place);
  watch(place);
}

void Flooder::watch(Place& place) {
  const std::uint32_t wanted =
      (place.hostile.deaf ? 0U : static_cast<std::uint32_t>(EPOLLIN)) |
      (place.hostile.out.empty() ? 0U : static_cast<std::uint32_t>(EPOLLOUT));
  if (wanted == place.watched) return;
  place.watched = wanted;
  epoll_event event{.events = wanted, .data = {.ptr = &place}};
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, place.socket.fd(), &event);
}

void Flooder::drop(Place& place) {
  place.socket = {};
  Hostile& hostile = place.hostile;
  hostile = Hostile{.index = hostile.index, .round = hostile.round + 1, .count = hostile.count};
  place.connected = false;
  place.sent = 0;
  place.again_ns = 0;
  if (options_.kind == FloodKind::handshakes) begin(place);
}

}  // namespace spine::bench
