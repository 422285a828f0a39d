// Escaping and number formatting behind JsonWriter.
#include "adapters/http/json.h"

#include <array>
#include <charconv>
#include <cmath>

#include "schemas/vocab/utf8.h"

namespace spine::http {
namespace {

// 0 = copy as it is, 1 = escape, 2 = lead byte or stray byte of UTF-8.
constexpr std::array<std::uint8_t, 256> classes() {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < 256; ++c) {
    if (c < 0x20 || c == '"' || c == '\\') table[c] = 1;
    if (c >= 0x80) table[c] = 2;
  }
  return table;
}
constexpr auto kClass = classes();

void append_escape(std::string& out, unsigned char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
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
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  std::size_t start = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    const std::uint8_t kind = kClass[c];
    if (kind == 0) [[likely]] {
      ++at;
      continue;
    }
    if (kind == 2) {
      const std::size_t length = decode_utf8(text, at).bytes;
      if (length != 0) {
        at += length;
        continue;
      }
    }
    out.append(text, start, at - start);
    if (kind == 2) {
      out += "\xEF\xBF\xBD";
    } else {
      append_escape(out, c);
    }
    start = ++at;
  }
  out.append(text, start, text.size() - start);
}

void JsonWriter::separate() {
  if (comma_) out_ += ',';
}

void JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  comma_ = false;
}

void JsonWriter::close(char bracket) {
  out_ += bracket;
  comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  separate();
  out_ += '"';
  out_ += name;
  out_ += "\":";
  comma_ = false;
}

void JsonWriter::value(std::string_view text) {
  separate();
  out_ += '"';
  append_escaped(out_, text);
  out_ += '"';
  comma_ = true;
}

void JsonWriter::value(double number) {
  if (!std::isfinite(number)) {
    null();
    return;
  }
  separate();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out_.append(digits, end);
  comma_ = true;
}

void JsonWriter::integer(std::int64_t number) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out_.append(digits, end);
  comma_ = true;
}

void JsonWriter::natural(std::uint64_t number) {
  separate();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out_.append(digits, end);
  comma_ = true;
}

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  comma_ = true;
}

}  // namespace spine::http
