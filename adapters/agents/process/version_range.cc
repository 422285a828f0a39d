// Comparators, joined by blanks (and) and by || (or).
#include "adapters/agents/process/version_range.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <system_error>

namespace spine::agents {
namespace {

struct VersionPattern {
  Version version{};
  std::size_t parts{};  // that are given: "20.x" has one, "*" none
  bool known{};
};

VersionPattern parse_pattern(std::string_view text) {
  VersionPattern pattern;
  if (text.starts_with('v')) text.remove_prefix(1);
  while (pattern.parts < 3 && !text.empty()) {
    if (text[0] == 'x' || text[0] == 'X' || text[0] == '*') {
      pattern.known = true;
      return pattern;
    }
    const auto parsed =
        std::from_chars(text.data(), text.data() + text.size(), pattern.version[pattern.parts]);
    if (parsed.ec != std::errc{}) return pattern;
    pattern.known = true;
    pattern.parts += 1;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    if (!text.starts_with('.')) return pattern;
    text.remove_prefix(1);
  }
  return pattern;
}

// The first version after all that share the first `parts` numbers.
Version after(const Version& version, std::size_t parts) {
  Version next{};
  if (parts == 0) return {UINT32_MAX, 0, 0};
  std::copy_n(version.begin(), parts, next.begin());
  next[parts - 1] += 1;
  return next;
}

bool caret_holds(const VersionPattern& pattern, const Version& version) {
  std::size_t fixed = 1;  // up to the first number that is not zero
  while (fixed < pattern.parts && pattern.version[fixed - 1] == 0)
    fixed += 1;
  return version >= pattern.version && version < after(pattern.version, fixed);
}

bool comparator_holds(std::string_view text, const Version& version) {
  const std::size_t number = std::min(text.find_first_not_of("<>=^~"), text.size());
  const std::string_view sign = text.substr(0, number);
  const VersionPattern pattern = parse_pattern(text.substr(number));
  if (!pattern.known) return true;
  const Version& from = pattern.version;
  if (sign == ">=") return version >= from;
  if (sign == ">") return version >= after(from, pattern.parts);
  if (sign == "<") return version < from;
  if (sign == "<=") return version < after(from, pattern.parts);
  if (sign == "^") return pattern.parts == 0 || caret_holds(pattern, version);
  const std::size_t fixed = sign == "~" ? std::min<std::size_t>(pattern.parts, 2) : pattern.parts;
  return version >= from && version < after(from, fixed);
}

// The next comparator of `text`, its sign and number put together; "" = none is left.
std::string next_comparator(std::string_view& text) {
  std::string comparator;
  while (!text.empty()) {
    const char c = text[0];
    const bool blank = c == ' ' || c == '\t' || c == ',';
    const bool has_number = comparator.find_first_not_of("<>=^~") != std::string::npos;
    if (blank && has_number) break;
    if (!blank) comparator.push_back(c);
    text.remove_prefix(1);
  }
  return comparator;
}

bool all_hold(std::string_view text, const Version& version) {
  if (text.find(" - ") != std::string_view::npos) return true;  // a span from to: not understood
  while (true) {
    const std::string comparator = next_comparator(text);
    if (comparator.empty()) return true;
    if (!comparator_holds(comparator, version)) return false;
  }
}

}  // namespace

bool parse_version(std::string_view text, Version& version) {
  const VersionPattern pattern = parse_pattern(text);
  version = pattern.version;
  return pattern.parts > 0;
}

bool range_holds(std::string_view range, const Version& version) {
  while (true) {
    const std::size_t bar = range.find("||");
    if (all_hold(range.substr(0, bar), version)) return true;
    if (bar == std::string_view::npos) return false;
    range.remove_prefix(bar + 2);
  }
}

}  // namespace spine::agents
