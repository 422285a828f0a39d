// Due times from recorded ones.
#include "replay/pace.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "schemas/vocab/show.h"

namespace spine::replay {

Result<Pace> Pace::parse(std::string_view speed, Gaps gaps) {
  if (speed == "original") return Pace(1, gaps);
  if (speed == "instant") return Pace(0, gaps);
  constexpr double kSlowest = 0.001;
  constexpr double kFastest = 1'000'000;
  double times = 0;
  const std::string_view digits = speed.substr(0, speed.size() - (speed.ends_with('x') ? 1 : 0));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), times,
                                            std::chars_format::fixed);
  if (error == std::errc() && end == digits.data() + digits.size() && times >= kSlowest &&
      times <= kFastest) {
    return Pace(times, gaps);
  }
  return Error{Errc::invalid_argument,
               fmt::format("\"{}\" is no speed. Use original, instant, or how many times as fast "
                           "(0.001x to 1000000x), such as 10x.",
                           printable(speed))};
}

Pace::Time Pace::due(std::uint64_t logical_ms, Time now) {
  left_out_ms_ = 0;
  if (!begun_) {
    begun_ = true;
    last_ms_ = logical_ms;
    due_ = now;
    return due_;
  }
  std::uint64_t gap_ms = logical_ms - std::min(last_ms_, logical_ms);
  last_ms_ = std::max(last_ms_, logical_ms);
  if (instant()) return due_;
  if (gaps_ == Gaps::shortened && gap_ms > kGapMs) {
    left_out_ms_ = gap_ms - kGapMs;
    gap_ms = kGapMs;
  }
  // Recorded times can be anything: a due time beyond a century would not be one.
  constexpr double kLongestMs = 100.0 * 365 * 86'400 * 1'000;
  const double wait_ms = std::min(static_cast<double>(gap_ms) / per_second_, kLongestMs);
  due_ += std::chrono::microseconds(static_cast<std::int64_t>(wait_ms * 1'000));
  return due_;
}

}  // namespace spine::replay
