// Flooder: one thread of epoll that keeps every place of an attack connected.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bench/flood/attacks.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::bench {

struct FloodTally {
  std::uint64_t opened{};  // connections that got through to the server's TCP
  std::uint64_t failed{};  // that did not
  std::uint64_t closed{};  // by the server
  std::uint64_t count{};   // what the attack counts
  double seconds{};
};

// Thread: the one that calls run().
class Flooder {
 public:
  // `stop` ends run() when it becomes true, from a signal handler as well.
  Flooder(const FloodOptions& options, const std::atomic<bool>& stop);
  ~Flooder();
  Flooder(const Flooder&) = delete;
  Flooder& operator=(const Flooder&) = delete;

  // Until `stop`, or for options.seconds.
  FloodTally run();

 private:
  struct Place;
  void begin(Place& place);
  void handle(Place& place, std::uint32_t events);
  void read(Place& place);
  void write(Place& place);
  void watch(Place& place);
  void settle(Place& place);
  void drop(Place& place);
  void look_at_clock();

  FloodOptions options_;
  const std::atomic<bool>& stop_;
  std::unique_ptr<Attack> attack_;
  UniqueFd epoll_;
  std::vector<std::unique_ptr<Place>> places_;
  std::string buffer_;
  FloodTally tally_{};
};

}  // namespace spine::bench
