// decode_utf8: one code point of UTF-8 at a time, refusing whatever RFC 3629 refuses.
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

// U+FFFD, which stands for bytes that are not UTF-8.
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// REQUIRES: value is a Unicode scalar value.
void append_utf8(std::string& out, char32_t value);

}  // namespace spine
