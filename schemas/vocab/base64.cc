// Base64: six bits a character, the highest first.
#include "schemas/vocab/base64.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace spine {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The value of each character of base64url; kNoDigit for all others.
constexpr std::uint8_t kNoDigit = 64;
constexpr std::array<std::uint8_t, 256> kUrlValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kUrlDigits.size(); ++i)
    values[static_cast<unsigned char>(kUrlDigits[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

std::string encode(ByteSpan bytes, std::string_view digits) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::byte byte : bytes) {
    bits = (bits << 8U) | std::to_integer<std::uint32_t>(byte);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(digits[(bits >> count) & 0x3FU]);
    }
  }
  if (count != 0) out.push_back(digits[(bits << (6 - count)) & 0x3FU]);
  return out;
}

}  // namespace

std::string encode_base64(ByteSpan bytes) {
  std::string out = encode(bytes, kDigits);
  out.resize((bytes.size() + 2) / 3 * 4, '=');
  return out;
}

std::string encode_base64url(ByteSpan bytes) {
  return encode(bytes, kUrlDigits);
}

std::optional<std::string> decode_base64url(std::string_view text) {
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::uint8_t value = kUrlValues[static_cast<unsigned char>(c)];
    if (value == kNoDigit) return std::nullopt;
    bits = (bits << 6U) | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>((bits >> count) & 0xFFU));
  }
  // Unused bits must be zero, or the same bytes would have several spellings.
  if ((bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return out;
}

}  // namespace spine
