// ASCII: letters, digits and blanks, whatever the locale is.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace spine {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_letter_or_digit(char c) {
  return is_letter(c) || is_digit(c);
}
// Whether there is something, and all of it is letters, digits and characters of `others`.
constexpr bool is_plain(std::string_view text, std::string_view others) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [others](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
}

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
inline std::string lower_case(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}
// Whether the texts are the same but for the case of ASCII letters.
constexpr bool same_but_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

inline constexpr std::string_view kBlanks = " \t\r\n";
// Without the blanks at its ends. Borrowed from `text`.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = kBlanks) {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Takes what stands before the mark off the front of `rest`, and the mark; all, where there is
// none.
constexpr std::string_view take_part(std::string_view& rest, char mark) {
  const std::string_view part = rest.substr(0, rest.find(mark));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

// Whether f(part) holds for any part of `text` between separators; empty parts are parts, too.
template <class F>
constexpr bool any_part(std::string_view text, char separator, F f) {
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (f(text.substr(0, end))) return true;
    if (end == text.size()) return false;
    text.remove_prefix(end + 1);
  }
}

}  // namespace spine
