// Neutralises what could steer a terminal or forge a log line.
#include "engine/log/printable.h"

#include <fmt/format.h>
#include <iterator>

#include "engine/log/utf8.h"

namespace spine {
namespace {

bool steers(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200e && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void append_escape(std::string& out, char32_t c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto value = static_cast<std::uint32_t>(c);
  if (value < 0x100) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", value);
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", value);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.bytes == 0) {
      append_escape(out, static_cast<unsigned char>(text[at]));
      ++at;
      continue;
    }
    if (steers(point.value)) {
      append_escape(out, point.value);
    } else {
      out.append(text, at, point.bytes);
    }
    at += point.bytes;
  }
  return out;
}

}  // namespace spine
