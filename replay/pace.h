// Pace: when each event of the past is due, for output at the speed at which it was recorded.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "schemas/vocab/result.h"

namespace spine::replay {

// Looks at no clock: its owner does, and waits. Thread: one.
class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  enum class Gaps : std::uint8_t { shortened, full };
  // A recorded gap that is longer than this is shortened to it.
  static constexpr std::uint64_t kGapMs = 5'000;

  // "original", "10x", "0.5x" (times as fast), "instant". Errc::invalid_argument otherwise.
  static Result<Pace> parse(std::string_view speed, Gaps gaps);

  bool instant() const { return per_second_ == 0; }
  // What was left out of the gap before the last due(), in recorded ms.
  std::uint64_t left_out_ms() const { return left_out_ms_; }

  // When the event that was recorded at `logical_ms` is due; the first one at once, and none before
  // the one that was asked for before it. `now`: counts for the first one.
  Time due(std::uint64_t logical_ms, Time now);

 private:
  Pace(double per_second, Gaps gaps) : per_second_(per_second), gaps_(gaps) {}

  double per_second_;  // recorded seconds in one second; 0 = instant
  Gaps gaps_;
  bool begun_{};
  std::uint64_t last_ms_{};
  std::uint64_t left_out_ms_{};
  Time due_{};
};

}  // namespace spine::replay
