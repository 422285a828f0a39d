// UTF-8: one code point at a time, refusing whatever RFC 3629 refuses, and texts cut and counted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace spine {

struct CodePoint {
  char32_t value{};
  std::size_t bytes{};  // 0 = the bytes there are not UTF-8
};

// REQUIRES: at < text.size(). Overlong forms, surrogates, values above U+10FFFF and cut-off
// sequences give bytes = 0. Thread: any.
CodePoint decode_utf8(std::string_view text, std::size_t at);

// Whether all of it is UTF-8.
bool is_utf8(std::string_view text);

// Whether it is a continuation byte (10xxxxxx).
constexpr bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// The longest start of `text` of at most bytes_max bytes that does not end inside a character.
// Borrowed from `text`. REQUIRES, as below: UTF-8; else it may be cut shorter than needed.
constexpr std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && continues_character(text[bytes_max]))
    --bytes_max;
  return text.substr(0, bytes_max);
}

// cut_text(), and "..." behind what was cut.
std::string shortened(std::string_view text, std::size_t bytes_max);

// How many characters there are.
std::size_t count_characters(std::string_view text);

// Whether a terminal acts on it: it moves the cursor, starts an escape sequence, reorders text or
// breaks lines unseen.
bool steers_terminal(char32_t c);

// U+FFFD, which stands for bytes that are not UTF-8.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// REQUIRES: value is a Unicode scalar value.
void append_utf8(std::string& out, char32_t value);

}  // namespace spine
