// Searches an error output for the reason of a failure, from its end.
#include "adapters/agents/process/error_summary.h"

#include <algorithm>
#include <array>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {
namespace {

constexpr std::size_t kBytesMax = 300;
constexpr std::size_t kLinesMax = 40;

// Colours and the like: ESC [ ... letter.
std::string without_escapes(std::string_view line) {
  std::string plain;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] != '\x1b') {
      plain += line[at];
      continue;
    }
    if (at + 1 >= line.size() || line[at + 1] != '[') continue;
    ++at;
    while (at + 1 < line.size() && (line[at + 1] < '@' || line[at + 1] > '~'))
      ++at;
    ++at;
  }
  return plain;
}

// Long, and of digits and letters mixed.
bool looks_like_key(std::string_view part) {
  constexpr std::size_t kKeyBytes = 16;
  return part.size() >= kKeyBytes && std::ranges::any_of(part, is_digit) &&
         !std::ranges::all_of(part, is_digit);
}

// A frame of a stack trace, or what runtimes print below one.
bool tells_nothing(std::string_view line) {
  return line.starts_with("at ") || line.starts_with("Node.js v") || line.starts_with("File \"") ||
         line.starts_with("node:internal") || line.starts_with("note: run with `RUST_BACKTRACE") ||
         std::ranges::none_of(line, is_letter_or_digit);
}

bool speaks_of_error(std::string_view line) {
  constexpr std::array<std::string_view, 15> kWords{
      "error",   "fatal",   "cannot", "unknown",   "not found",    "denied", "failed", "invalid",
      "missing", "no such", "unable", "exception", "unauthorized", "refus",  "panic"};
  const std::string lower = lower_case(line);
  return std::ranges::any_of(
      kWords, [&lower](std::string_view word) { return lower.find(word) != std::string::npos; });
}

}  // namespace

std::string error_summary(std::string_view tail) {
  std::string last;
  for (std::size_t count = 0; count < kLinesMax && !tail.empty(); ++count) {
    const std::size_t feed = tail.find_last_of('\n');
    const std::size_t start = feed == std::string_view::npos ? 0 : feed + 1;
    const std::string plain = without_escapes(tail.substr(start));
    const std::string_view line = trimmed(plain, " \t\r\n\v\f\a\b");
    tail = tail.substr(0, feed == std::string_view::npos ? 0 : feed);
    if (line.empty() || tells_nothing(line)) continue;
    if (speaks_of_error(line)) return std::string(cut_text(line, kBytesMax));
    if (last.empty()) last = cut_text(line, kBytesMax);
  }
  return last;
}

// Parts between - and _ are judged one by one: names of models are long, and have digits, too.
std::string hide_secrets(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, is_letter_or_digit);
    const auto part = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    out += looks_like_key(part) ? std::string_view{"[redacted]"} : part;
    text.remove_prefix(part.size());
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

}  // namespace spine::agents
