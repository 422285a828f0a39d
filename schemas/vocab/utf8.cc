// UTF-8 as in RFC 3629, table 3-7 of the Unicode standard.
#include "schemas/vocab/utf8.h"

#include <algorithm>

namespace spine {
namespace {

// Length, payload bits of the first byte, and the least value that needs this length.
struct Lead {
  std::size_t bytes{};
  char32_t bits{};
  char32_t least{};
};

Lead lead_of(unsigned char c) {
  if (c < 0x80) return {1, c, 0};
  if (c >= 0xc2 && c <= 0xdf) return {2, char32_t{c} & 0x1f, 0x80};
  if (c >= 0xe0 && c <= 0xef) return {3, char32_t{c} & 0x0f, 0x800};
  if (c >= 0xf0 && c <= 0xf4) return {4, char32_t{c} & 0x07, 0x10000};
  return {};
}

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  const Lead lead = lead_of(static_cast<unsigned char>(text[at]));
  if (lead.bytes == 0 || text.size() - at < lead.bytes) return {};
  char32_t value = lead.bits;
  for (std::size_t i = 1; i < lead.bytes; ++i) {
    const auto c = static_cast<unsigned char>(text[at + i]);
    if ((c & 0xc0U) != 0x80U) return {};
    value = (value << 6U) | (char32_t{c} & 0x3f);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < lead.least || value > 0x10ffff || surrogate) return {};
  return {value, lead.bytes};
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = decode_utf8(text, at).bytes;
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
  std::string out{cut_text(text, bytes_max)};
  return out.size() == text.size() ? out : out + "...";
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
}

bool steers_terminal(char32_t c) {
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return true;
  return c == 0x061C || c == 0x200E || c == 0x200F || c == 0x2028 || c == 0x2029 ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void append_utf8(std::string& out, char32_t value) {
  const auto byte = [&](char32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (value < 0x80) {
    byte(value);
  } else if (value < 0x800) {
    byte(0xc0 | (value >> 6U));
    byte(0x80 | (value & 0x3f));
  } else if (value < 0x10000) {
    byte(0xe0 | (value >> 12U));
    byte(0x80 | ((value >> 6U) & 0x3f));
    byte(0x80 | (value & 0x3f));
  } else {
    byte(0xf0 | (value >> 18U));
    byte(0x80 | ((value >> 12U) & 0x3f));
    byte(0x80 | ((value >> 6U) & 0x3f));
    byte(0x80 | (value & 0x3f));
  }
}

}  // namespace spine
