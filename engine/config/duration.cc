// Parses durations without floating point.
#include "engine/config/duration.h"

#include <array>
#include <charconv>
#include <limits>

namespace spine::config {
namespace {

struct Unit {
  std::string_view name{};
  std::uint64_t ms{};
};
constexpr std::array kUnits{Unit{"ms", 1},        Unit{"s", 1'000},  Unit{"m", 60'000},
                            Unit{"h", 3'600'000}, Unit{"d", kDayMs}, Unit{"w", 7 * kDayMs}};

// Takes a unit off the front of `rest`; 0 = there is none.
std::uint64_t take_unit(std::string_view& rest) {
  for (const Unit& unit : kUnits) {
    if (!rest.starts_with(unit.name)) continue;
    rest.remove_prefix(unit.name.size());
    return unit.ms;
  }
  return 0;
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
