// Attack: what one hostile connection says and when; one class per kind of flood.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/flood/options.h"
#include "bench/load/greeting.h"

namespace spine::bench {

// One connection as an attack sees it.
struct Hostile {
  std::uint32_t index{};
  std::uint64_t round{};  // how often this place was connected anew
  std::uint32_t step{};   // of the attack's own counting, 0 at the start
  Greeting greeting{};    // of those that connect as a client would
  std::string in{};       // received, not used up
  std::string out{};      // to be sent
  bool deaf{};            // set: nothing is read from it
  bool finished{};        // set: it is closed and begun anew
  std::int64_t due_ns{};  // when due() is called, monotonic; 0 = never
  std::uint64_t count{};  // what the attack achieved here, of whatever it counts
};

class Attack {
 public:
  virtual ~Attack() = default;
  // TCP is up.
  virtual void connected(Hostile& connection) = 0;
  // Bytes were added to `in`.
  virtual void received(Hostile& connection) = 0;
  // Its time has come.
  virtual void due(Hostile& connection) { connection.finished = true; }
  // All of `out` was sent.
  virtual void sent(Hostile& /*connection*/) {}
  // The peer closed it.
  virtual void closed(Hostile& /*connection*/) {}
};

// REQUIRES: the options its kind needs are given.
std::unique_ptr<Attack> make_attack(const FloodOptions& options);

}  // namespace spine::bench
