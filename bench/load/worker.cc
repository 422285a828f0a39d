// Worker: the epoll loop of the load generator.
#include "bench/load/worker.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/client/socket.h"
#include "bench/load/cpu.h"

namespace spine::bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} * 1024;
constexpr std::uint32_t kHandshakesMax = 128;
constexpr std::int64_t kOpenNsMax = 30'000'000'000;
constexpr std::int64_t kDrainNsMax = 10'000'000'000;

}  // namespace

struct Worker::Connection {
  std::uint32_t index{};
  client::Socket socket{};
  bool connected{};
  bool watching_writes{};
  std::unique_ptr<Protocol> protocol{};
  std::string out{};                    // composed, not sent
  std::size_t sent_bytes{};             // of out
  std::string rest{};                   // received, not understood: the front of an answer
  std::vector<std::int64_t> sent_ns{};  // by id modulo depth
  std::uint64_t sent{};                 // last id composed
  std::uint64_t answered{};             // last id answered
};

Worker::Worker(const Options& options, std::uint32_t first_index, std::uint32_t count,
               bool reads_server_cpu)
    : options_(options),
      first_index_(first_index),
      reads_server_cpu_(reads_server_cpu),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(kReadBytes) {
  connections_.resize(count);
}

Worker::~Worker() = default;

void Worker::fail(const Connection& connection, const std::string& why) {
  if (!tally_.error.empty()) return;
  tally_.error = fmt::format("connection {}: {}", connection.index, why);
}

Status Worker::open() {
  const std::int64_t give_up = monotonic_ns() + kOpenNsMax;
  std::size_t begun = 0;
  while (ready_ < connections_.size() && tally_.error.empty()) {
    while (begun < connections_.size() && under_way_ < kHandshakesMax && tally_.error.empty()) {
      connections_[begun] = std::make_unique<Connection>();
      connections_[begun]->index = first_index_ + static_cast<std::uint32_t>(begun);
      begin(*connections_[begun]);
      ++begun;
    }
    turn(100);
    if (monotonic_ns() > give_up) {
      return Error{Errc::timed_out, fmt::format("{} of {} connections were ready after 30 s.",
                                                ready_, connections_.size())};
    }
  }
  if (!tally_.error.empty()) return Error{Errc::unavailable, tally_.error};
  return ok();
}

void Worker::begin(Connection& connection) {
  ++under_way_;
  auto socket = client::Socket::begin_connect(options_.host, options_.port);
  if (!socket) return fail(connection, socket.error().message);
  connection.socket = std::move(*socket);
  connection.protocol = make_protocol(options_, connection.index);
  connection.sent_ns.resize(options_.depth);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.ptr = &connection;
  connection.watching_writes = true;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.fd(), &event) != 0) {
    fail(connection, std::strerror(errno));
  }
}

void Worker::turn(int timeout_ms) {
  std::array<epoll_event, 512> events;
  const int n =
      epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < n; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    on_event(*static_cast<Connection*>(event.data.ptr), event.events);
  }
}

void Worker::on_event(Connection& connection, std::uint32_t events) {
  if (!connection.connected) {
    if (const int failure = connection.socket.failure(); failure != 0) {
      return fail(connection, fmt::format("connecting to port {} failed: {}.", options_.port,
                                          std::strerror(failure)));
    }
    if ((events & EPOLLOUT) == 0) return;
    connection.connected = true;
    connection.protocol->start(connection.out);
    if (connection.protocol->ready()) ++ready_, --under_way_;
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !receive(connection)) return;
  if (composing_) fill(connection);
  send_out(connection);
}

// False when the connection is of no more use.
bool Worker::receive(Connection& connection) {
  const std::size_t kept = connection.rest.size();
  if (kept >= buffer_.size() / 2) buffer_.resize(buffer_.size() * 2);
  std::memcpy(buffer_.data(), connection.rest.data(), kept);
  const auto n = recv(connection.socket.fd(), buffer_.data() + kept, buffer_.size() - kept, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (n <= 0) {
    fail(connection, n == 0 ? "the server hung up." : std::strerror(errno));
    epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection.socket.fd(), nullptr);
    return false;
  }
  const std::string_view in{buffer_.data(), kept + static_cast<std::size_t>(n)};
  connection.rest.assign(in.substr(understand(connection, in)));
  return true;
}

std::size_t Worker::understand(Connection& connection, std::string_view in) {
  std::size_t used = 0;
  answers_.clear();
  while (!connection.protocol->ready()) {
    const auto n = connection.protocol->greet(in.substr(used), connection.out, answers_);
    if (answers_.fatal) fail(connection, answers_.first_error);
    if (n == 0 || answers_.fatal) return used;
    used += n;
    if (connection.protocol->ready()) ++ready_, --under_way_;
  }
  used += connection.protocol->parse(in.substr(used), connection.out, answers_);
  settle(connection);
  return used;
}

void Worker::settle(Connection& connection) {
  const std::int64_t now = monotonic_ns();
  for (const auto id : answers_.ids) {
    if (id != connection.answered + 1 || id > connection.sent) {
      return fail(connection,
                  fmt::format("answer {} came where {} was due.", id, connection.answered + 1));
    }
    connection.answered = id;
    if (measuring_) {
      tally_.latency.record(
          static_cast<std::uint64_t>(now - connection.sent_ns[id % options_.depth]));
    }
  }
  in_flight_ -= answers_.ids.size();
  tally_.messages_all += answers_.ids.size();
  if (answers_.refused != 0 || answers_.fatal) fail(connection, answers_.first_error);
}

void Worker::fill(Connection& connection) {
  const std::uint64_t room = options_.depth - (connection.sent - connection.answered);
  if (room == 0) return;
  const std::int64_t now = monotonic_ns();
  for (std::uint64_t i = 0; i < room; ++i) {
    const std::uint64_t id = ++connection.sent;
    connection.protocol->compose(id, connection.out);
    connection.sent_ns[id % options_.depth] = now;
  }
  in_flight_ += room;
}

void Worker::send_out(Connection& connection) {
  while (connection.sent_bytes < connection.out.size()) {
    const auto n = send(connection.socket.fd(), connection.out.data() + connection.sent_bytes,
                        connection.out.size() - connection.sent_bytes, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return watch(connection, true);
    if (n < 0) return fail(connection, std::strerror(errno));
    connection.sent_bytes += static_cast<std::size_t>(n);
  }
  connection.out.clear();
  connection.sent_bytes = 0;
  watch(connection, false);
}

void Worker::watch(Connection& connection, bool for_writing) {
  if (connection.watching_writes == for_writing) return;
  connection.watching_writes = for_writing;
  epoll_event event{};
  event.events = EPOLLIN | (for_writing ? std::uint32_t{EPOLLOUT} : 0U);
  event.data.ptr = &connection;
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.fd(), &event);
}

void Worker::run(const Window& window) {
  composing_ = true;
  for (const auto& connection : connections_) {
    fill(*connection);
    send_out(*connection);
  }
  std::int64_t now = monotonic_ns();
  const auto enough = [&] {
    return window.count_max != 0 && tally_.latency.count() >= window.count_max;
  };
  while (now < window.end_ns && !enough() && tally_.error.empty()) {
    if (!measuring_ && now >= window.measure_ns) measure(now);
    turn(10);
    now = monotonic_ns();
  }
  if (measuring_) measure(now);
  composing_ = false;
  const std::int64_t give_up = now + kDrainNsMax;
  while (in_flight_ != 0 && tally_.error.empty() && monotonic_ns() < give_up)
    turn(10);
  tally_.unanswered = in_flight_;
  if (in_flight_ != 0 && tally_.error.empty()) {
    tally_.error = fmt::format("{} requests were not answered within 10 s.", in_flight_);
  }
}

// Begins to measure, and at the second call ends it.
void Worker::measure(std::int64_t now_ns) {
  const std::uint64_t client = thread_cpu_ns();
  const std::uint64_t server = reads_server_cpu_ ? process_cpu_ns(options_.server_pid) : 0;
  measuring_ = !measuring_;
  tally_.measured_ns = now_ns - tally_.measured_ns;
  tally_.client_cpu_ns = client - tally_.client_cpu_ns;
  tally_.server_cpu_ns = server - tally_.server_cpu_ns;
}

void Worker::hold(std::int64_t end_ns) {
  while (monotonic_ns() < end_ns && tally_.error.empty())
    turn(100);
}

}  // namespace spine::bench
