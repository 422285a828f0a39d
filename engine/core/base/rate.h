// Rate: a token bucket as one number, by the generic cell rate algorithm.
#pragma once

#include <algorithm>
#include <cstdint>

#include "schemas/vocab/limits.h"

namespace spine::core {

// ITU-T I.371 in its virtual scheduling form: a bucket is its theoretical arrival time ("tat"), in
// microseconds of logical time; 0 is a full bucket. Integers only, so folding is exact.
struct Rate {
  std::uint64_t interval_us{};   // one token per interval; 0 = no limit
  std::uint64_t tolerance_us{};  // how far tat may be ahead of now: (burst - 1) intervals

  static constexpr Rate per_minute(std::uint32_t count, std::uint32_t burst) {
    constexpr std::uint64_t kMinuteUs = 60'000'000;
    const std::uint64_t interval = count == 0 ? 0 : kMinuteUs / count;
    return Rate{.interval_us = interval,
                .tolerance_us = interval * (std::max<std::uint32_t>(burst, 1) - 1)};
  }

  // Logical time from which the next token may be used; <= now means at once.
  constexpr std::uint64_t allowed_at_us(std::uint64_t tat_us) const {
    if (interval_us == 0 || tat_us <= tolerance_us) return 0;
    return tat_us - tolerance_us;
  }
  // The bucket after one more use, allowed or not. The debt is bounded by `debt_max` tokens.
  constexpr std::uint64_t charge(std::uint64_t tat_us, std::uint64_t now_us,
                                 std::uint32_t debt_max) const {
    if (interval_us == 0) return tat_us;
    const std::uint64_t charged = std::max(tat_us, now_us) + interval_us;
    return std::min(charged, now_us + tolerance_us + interval_us * (std::uint64_t{debt_max} + 1));
  }
};

constexpr std::uint64_t kUsPerMs = 1000;
constexpr std::uint64_t kMsPerMinute = 60'000;

// Rejections that are journalled: everything beyond is counted outside the journal.
inline constexpr Rate kRejectionRate =
    Rate::per_minute(limits::kRejectionsPerMinute, limits::kRejectionsPerMinute);

}  // namespace spine::core
