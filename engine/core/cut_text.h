// cut_text: makes a text fit without breaking a character of UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace spine::core {

// The longest start of `text` of at most bytes_max bytes that does not end inside a character.
// Borrowed from `text`.
inline std::string_view cut_text(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80)
    --bytes_max;
  return text.substr(0, bytes_max);
}

}  // namespace spine::core
