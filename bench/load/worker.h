// Worker: one thread's connections in one epoll set, a closed loop with `depth` requests each.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/load/options.h"
#include "bench/load/protocol.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::bench {

// When to warm up, measure and stop; CLOCK_MONOTONIC.
struct Window {
  std::int64_t measure_ns{};
  std::int64_t end_ns{};
  std::uint64_t count_max{};  // 0 = by time alone
};

struct Tally {
  Histogram latency{};
  std::uint64_t messages_all{};  // answered, warm-up and drain included
  std::uint64_t unanswered{};    // still open when draining timed out
  std::int64_t measured_ns{};
  std::uint64_t client_cpu_ns{};  // of this thread while measuring
  std::uint64_t server_cpu_ns{};  // of the server's process while measuring; first worker only
  std::string error{};            // the first thing that went wrong; empty = all went well
};

// Thread: one. Every answer is checked to be the one that is due (FIFO per connection).
class Worker {
 public:
  // Connections first_index .. first_index + count - 1. `reads_server_cpu`: one worker does.
  Worker(const Options& options, std::uint32_t first_index, std::uint32_t count,
         bool reads_server_cpu);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Connects all and does their handshakes; at most a few hundred are under way at a time.
  Status open();
  // Sends and receives until the window ends, then until everything is answered (at most 10 s).
  void run(const Window& window);
  // Keeps the connections open without sending, until the time comes; answers pings.
  void hold(std::int64_t end_ns);

  const Tally& tally() const { return tally_; }

 private:
  struct Connection;
  void begin(Connection& connection);
  void on_event(Connection& connection, std::uint32_t events);
  bool receive(Connection& connection);
  std::size_t understand(Connection& connection, std::string_view in);
  void settle(Connection& connection);
  void fill(Connection& connection);
  void send_out(Connection& connection);
  void watch(Connection& connection, bool for_writing);
  void turn(int timeout_ms);
  void measure(std::int64_t now_ns);
  void fail(const Connection& connection, const std::string& why);

  const Options& options_;
  std::uint32_t first_index_{};
  bool reads_server_cpu_{};
  UniqueFd epoll_{};
  std::vector<std::unique_ptr<Connection>> connections_{};
  std::vector<char> buffer_;
  Answers answers_{};
  Tally tally_{};
  std::uint32_t ready_{};
  std::uint32_t under_way_{};
  std::uint64_t in_flight_{};
  bool composing_{};
  bool measuring_{};
};

}  // namespace spine::bench
