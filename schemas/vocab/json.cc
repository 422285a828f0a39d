// Escaping and number formatting behind JsonWriter.
#include "schemas/vocab/json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "schemas/vocab/utf8.h"
#include "schemas/vocab/uuid.h"

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

// A character of at most four digits, as all are that have to be escaped.
void append_escape(std::string& out, char32_t c) {
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
      out += "\\u";
      for (const unsigned shift : {12U, 8U, 4U, 0U})
        out += kHexDigits[(c >> shift) & 15U];
  }
}

// Appends `text` with what `escaped(c)` says escaped, and U+FFFD for what is no UTF-8.
template <class Escaped>
void append_shown(std::string& out, std::string_view text, Escaped escaped) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (c.bytes == 0) {
      out += kReplacement;
    } else if (escaped(c.value)) {
      append_escape(out, c.value);
    } else {
      out.append(text, at, c.bytes);
    }
    at += std::max<std::size_t>(c.bytes, 1);
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

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  append_shown(out, text, [](char32_t c) { return c == '"' || c == '\\' || steers_terminal(c); });
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json_for_terminal(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  append_shown(out, json, [](char32_t c) {
    return steers_terminal(c) && c != '\n' && c != '\r' && c != '\t';
  });
  return out;
}

void JsonWriter::value(std::string_view text) {
  separate();
  out_ += '"';
  append_escaped(out_, text);
  out_ += '"';
  comma_ = true;
}

void JsonWriter::value(double number) {
  std::isfinite(number) ? append_number(number) : null();
}

template <class Number>
void JsonWriter::append_number(Number number) {
  separate();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out_.append(digits, end);
  comma_ = true;
}
template void JsonWriter::append_number(std::int64_t number);
template void JsonWriter::append_number(std::uint64_t number);

void JsonWriter::raw(std::string_view json) {
  separate();
  out_ += json;
  comma_ = true;
}

}  // namespace spine
