// Parses durations without floating point.
#include "engine/config/duration.h"

#include <charconv>
#include <limits>

namespace spine::config {
namespace {

// Takes a unit off the front of `rest`; 0 = there is none.
std::uint64_t take_unit(std::string_view& rest) {
  if (rest.starts_with("ms")) {
    rest.remove_prefix(2);
    return 1;
  }
  if (rest.empty()) return 0;
  const char c = rest[0];
  rest.remove_prefix(1);
  switch (c) {
    case 's':
      return 1000;
    case 'm':
      return 60ULL * 1000;
    case 'h':
      return 3600ULL * 1000;
    case 'd':
      return kDayMs;
    case 'w':
      return 7 * kDayMs;
    default:
      return 0;
  }
}

}  // namespace

bool parse_duration(std::string_view text, std::uint64_t bare_unit_ms, std::uint64_t& ms) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  ms = 0;
  if (text.empty()) return false;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::uint64_t count{};
    const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (read.ec != std::errc{}) return false;
    const bool first = rest.size() == text.size();
    rest.remove_prefix(static_cast<std::size_t>(read.ptr - rest.data()));
    const bool bare = first && rest.empty();
    const std::uint64_t unit = bare ? bare_unit_ms : take_unit(rest);
    if (unit == 0 || count > (kMost - ms) / unit) return false;
    ms += count * unit;
  }
  return true;
}

bool as_days(std::string_view text, std::int64_t& days) {
  std::uint64_t ms{};
  if (!parse_duration(text, kDayMs, ms)) return false;
  days = static_cast<std::int64_t>((ms + kDayMs - 1) / kDayMs);
  return true;
}

}  // namespace spine::config
