// Durations as people write them in a configuration: "30d", "12h", "1h30m".
#pragma once

#include <cstdint>
#include <string_view>

namespace spine::config {

// One or more of <number><unit>, units ms s m h d w; a bare number counts `bare_unit_ms`. False
// when it is not one, or has no room in `ms`.
bool parse_duration(std::string_view text, std::uint64_t bare_unit_ms, std::uint64_t& ms);
// In whole days, rounded up; a bare number counts days. False when it is no duration.
bool as_days(std::string_view text, std::int64_t& days);

inline constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

}  // namespace spine::config
