// 128 bits as text: UUIDs of RFC 4122, and hexadecimal digits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/ids.h"

namespace spine {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

// Digit `index` of the 32 hexadecimal digits of a value, the most significant first.
constexpr char hex_digit(Bits128 value, std::size_t index) {
  const std::uint64_t half = index < 16 ? value.hi : value.lo;
  return kHexDigits[(half >> (60 - 4 * (index % 16))) & 0xf];
}

// "8f14e45f-ceea-467f-9d4e-8f14e45fceea": hi first.
using UuidText = std::array<char, 36>;
constexpr UuidText uuid_text(Bits128 id) {
  UuidText text{};
  std::size_t digit = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    text[i] = dash ? '-' : hex_digit(id, digit++);
  }
  return text;
}
inline void append_uuid(std::string& out, Bits128 id) {
  const UuidText text = uuid_text(id);
  out.append(text.data(), text.size());
}

// "8f14e45f-ceea-467f-9d4e-8f14e45fceea": hi first.
inline std::string uuid_string(Bits128 id) {
  std::string text;
  append_uuid(text, id);
  return text;
}

// 32 lower-case digits.
inline void append_hex(std::string& out, Bits128 bits) {
  for (std::size_t i = 0; i < 32; ++i)
    out += hex_digit(bits, i);
}

// `bits` with version 4 and variant bits of RFC 4122 set.
constexpr Bits128 as_uuid(Bits128 bits) {
  bits.hi = (bits.hi & ~0xF000ULL) | 0x4000ULL;
  bits.lo = (bits.lo & ~(3ULL << 62)) | (2ULL << 62);
  return bits;
}

}  // namespace spine
