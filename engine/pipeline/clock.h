// Clock: reads the machine's clocks and carries logical time over restarts.
#pragma once

#include <cstdint>

#include "engine/core/model/views.h"
#include "schemas/vocab/ids.h"

namespace spine::pipeline {

std::int64_t wall_now_ms();        // Unix epoch
std::uint64_t boottime_now_ms();   // CLOCK_BOOTTIME: counts sleep, never jumps
std::uint64_t monotonic_now_us();  // for durations
// 128 bits from getrandom(2).
Bits128 random128();

// Thread: engine. Logical time = a base plus boot time; on another boot it goes on from the last
// event plus the wall time that passed since, never backwards.
class LogicalClock {
 public:
  void start(const core::EngineMemory& memory, Instant last);
  Instant now() const;

 private:
  std::uint64_t base_ms_{};  // logical = base + boottime (wraps by design)
  std::uint64_t floor_ms_{};
};

}  // namespace spine::pipeline
