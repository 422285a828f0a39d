// Escaping and number formatting behind JsonWriter.
#include "schemas/vocab/json.h"

#include <array>
#include <charconv>
#include <cmath>

#include "schemas/vocab/utf8.h"

namespace spine {
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

constexpr std::size_t kEscapeBytesMax = 6;

constexpr std::size_t escape_bytes(unsigned char c) {
  return c == '"' || c == '\\' || c == '\n' || c == '\r' || c == '\t' ? 2 : kEscapeBytesMax;
}

// What stands at one place of a text, and what it takes when it is sent.
struct Step {
  std::size_t bytes{};
  std::size_t sent{};
};

Step step_at(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (kClass[c] == 0) return {1, 1};
  if (kClass[c] == 1) return {1, escape_bytes(c)};
  const std::size_t length = decode_utf8(text, at).bytes;
  return length != 0 ? Step{length, length} : Step{1, kReplacement.size()};
}

}  // namespace

std::size_t escaped_bytes(std::string_view text) {
  std::size_t sent = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Step step = step_at(text, at);
    at += step.bytes;
    sent += step.sent;
  }
  return sent;
}

std::string_view cut_escaped(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max / kEscapeBytesMax) return text;
  std::size_t sent = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const Step step = step_at(text, at);
    sent += step.sent;
    if (sent > bytes_max) break;
    at += step.bytes;
  }
  return text.substr(0, at);
}

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
      out += kReplacement;
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

}  // namespace spine
