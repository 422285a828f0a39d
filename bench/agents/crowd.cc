// Connections: epoll, reads and writes.
#include "bench/agents/crowd.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "bench/load/cpu.h"

namespace spine::bench {
namespace {

constexpr int kSilentMsMax = 30'000;
constexpr std::size_t kReadBytes = std::size_t{1} << 20;

}  // namespace

Crowd::Crowd(const Plan& plan) : plan_(plan), epoll_(::epoll_create1(0)), buffer_(kReadBytes) {}

void Crowd::watch(Guest& guest, bool for_writing) {
  epoll_event entry{};
  entry.events = for_writing ? EPOLLIN | EPOLLOUT : EPOLLIN;
  entry.data.ptr = &guest;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, guest.socket.fd(), &entry);
  guest.watches_writing = for_writing;
}

void Crowd::open() {
  for (std::uint32_t i = 0; i < plan_.connections; ++i) {
    auto guest = std::make_unique<Guest>();
    auto socket = client::Socket::begin_connect(plan_.load.host, plan_.load.port);
    if (!socket) return tally_.fail(socket.error().message);
    guest->socket = std::move(*socket);
    guest->visitor = std::make_unique<Visitor>(plan_, i, tally_);
    guest->watches_writing = true;
    epoll_event entry{};
    entry.events = EPOLLIN | EPOLLOUT;
    entry.data.ptr = guest.get();
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, guest->socket.fd(), &entry);
    Guest& joined = *guest;
    guests_.push_back(std::move(guest));
    // One at a time: many strangers at once are made to wait.
    while (!joined.visitor->ready() && tally_.error.empty() && turn()) {
    }
  }
}

void Crowd::run(Phase phase, std::uint64_t messages) {
  phase.to_send = messages;
  const std::uint64_t until = tally_.answered + messages;
  while (tally_.answered < until && tally_.error.empty()) {
    for (const auto& guest : guests_) {
      guest->visitor->fill(guest->out, phase);
      send_out(*guest);
    }
    if (!turn()) return;
  }
}

bool Crowd::turn() {
  std::array<epoll_event, 256> ready{};
  const int count =
      ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), kSilentMsMax);
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) {
    tally_.fail("Nothing was heard for 30 s.");
    return false;
  }
  tally_.now_ns = monotonic_ns();
  for (int i = 0; i < count; ++i) {
    const epoll_event& entry = ready[static_cast<std::size_t>(i)];
    on_event(*static_cast<Guest*>(entry.data.ptr), entry.events);
  }
  return tally_.error.empty();
}

void Crowd::on_event(Guest& guest, std::uint32_t events) {
  if (!guest.connected) {
    const int failure = guest.socket.failure();
    if (failure != 0) {
      return tally_.fail(std::string{"Connecting failed: "} + std::strerror(failure));
    }
    guest.connected = true;
    guest.visitor->start(guest.out);
  }
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && receive(guest)) understand(guest);
  send_out(guest);
}

bool Crowd::receive(Guest& guest) {
  const ssize_t got = ::recv(guest.socket.fd(), buffer_.data(), buffer_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (got <= 0) {
    tally_.fail("The gateway closed a connection.");
    return false;
  }
  guest.in.append(buffer_.data(), static_cast<std::size_t>(got));
  return true;
}

void Crowd::understand(Guest& guest) {
  std::string_view in = guest.in;
  while (!in.empty()) {
    answers_.clear();
    const std::size_t used = guest.visitor->ready() ? guest.visitor->parse(in, guest.out, answers_)
                                                    : guest.visitor->greet(in, guest.out, answers_);
    if (!answers_.first_error.empty()) tally_.fail(answers_.first_error);
    if (used == 0) break;
    in.remove_prefix(used);
  }
  guest.in.erase(0, guest.in.size() - in.size());
}

void Crowd::send_out(Guest& guest) {
  while (guest.connected && guest.sent < guest.out.size()) {
    const ssize_t put = ::send(guest.socket.fd(), guest.out.data() + guest.sent,
                               guest.out.size() - guest.sent, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno != EAGAIN) return tally_.fail("The gateway closed a connection.");
    if (put < 0) break;
    guest.sent += static_cast<std::size_t>(put);
  }
  const bool waits = guest.sent < guest.out.size();
  if (!waits) {
    guest.out.clear();
    guest.sent = 0;
  }
  if (guest.connected && waits != guest.watches_writing) watch(guest, waits);
}

}  // namespace spine::bench
