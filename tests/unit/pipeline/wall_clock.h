// WallClock: while one is alive, this process reads a wall clock that was set to another time.
// Boot time and monotonic time stay as they are, as on a machine whose date is changed.
#pragma once

#include <cstdint>

namespace spine::pipeline {

// One at a time.
class WallClock {
 public:
  WallClock() = default;
  ~WallClock() { set_ahead_by(0); }
  WallClock(const WallClock&) = delete;
  WallClock& operator=(const WallClock&) = delete;

  // Relative to the machine's clock; negative = behind it.
  void set_ahead_by(std::int64_t ms);
};

}  // namespace spine::pipeline
