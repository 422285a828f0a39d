// The lexical grammar of JSON5 1.0.0.
#include "engine/config/json5_scanner.h"

#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <iterator>

#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::config {
namespace {

bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000 || c == 0xfeff;
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

int hex_value(char32_t c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return -1;
}

bool continues_name(char32_t c) {
  return Scanner::starts_name(c) || is_digit(c) || c == 0x200c || c == 0x200d;
}

// What a single escaped character stands for, or kEnd when it is not one of the short escapes.
char32_t short_escape(char32_t c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    default:
      return Scanner::kEnd;
  }
}

}  // namespace

bool Scanner::starts_number(char32_t c) {
  return is_digit(c) || c == '+' || c == '-' || c == '.';
}

// ASCII as in the grammar; of the rest everything that is not white space or control.
bool Scanner::starts_name(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '\\';
  }
  return c > 0x9f && c != kEnd && !is_blank(c);
}

char32_t Scanner::peek() const {
  if (at_ >= text_.size()) return kEnd;
  return decode_utf8(text_, at_).value;
}

void Scanner::skip() {
  const CodePoint point = decode_utf8(text_, at_);
  at_ += point.bytes;
  // \r\n is one line end: the \n counts.
  if (point.value == '\n' || (point.value == '\r' && !here("\n"))) {
    ++place_.line;
    place_.column = 1;
  } else {
    ++place_.column;
  }
}

bool Scanner::skip_if(char c) {
  if (peek() != static_cast<unsigned char>(c)) return false;
  skip();
  return true;
}

Error Scanner::error_at(Place place, std::string_view message) const {
  return {Errc::invalid_argument, fmt::format("{}: {}", document_.where(place), message)};
}

std::string Scanner::found() const {
  const char32_t c = peek();
  if (c == kEnd) return "the end of the file";
  return fmt::format("'{}'", printable(text_.substr(at_, decode_utf8(text_, at_).bytes)));
}

Status Scanner::skip_blank() {
  while (true) {
    if (here("//")) {
      while (peek() != kEnd && peek() != '\n' && peek() != '\r' && peek() != 0x2028 &&
             peek() != 0x2029) {
        skip();
      }
    } else if (here("/*")) {
      SPINE_TRY_STATUS(skip_block_comment());
    } else if (is_blank(peek())) {
      skip();
    } else {
      return ok();
    }
  }
}

Status Scanner::skip_block_comment() {
  const Place start = place_;
  skip();
  skip();
  while (!here("*/")) {
    if (peek() == kEnd) return error_at(start, "this comment does not end; close it with */.");
    skip();
  }
  skip();
  skip();
  return ok();
}

Status Scanner::scan_string(std::string& out) {
  const Place start = place_;
  const char32_t quote = peek();
  skip();
  while (true) {
    const char32_t c = peek();
    if (c == kEnd || c == '\n' || c == '\r') {
      return error_at(start, fmt::format("this string does not end on its line; close it with {}, "
                                         "or end the line with \\ to go on.",
                                         static_cast<char>(quote)));
    }
    if (c == 0) return error("a NUL character in a string; take it out.");
    if (c == quote) break;
    if (c == '\\') {
      SPINE_TRY_STATUS(scan_escape(out));
    } else {
      append_utf8(out, c);
      skip();
    }
  }
  skip();
  return ok();
}

Status Scanner::scan_escape(std::string& out) {
  const Place start = place_;
  skip();
  const char32_t c = peek();
  if (c == kEnd) return error_at(start, "the file ends inside a string; close it.");
  if (c == 'u') {
    char32_t value{};
    SPINE_TRY_STATUS(scan_unicode_escape(value));
    if (value == 0) return error_at(start, "a NUL character in a string; take it out.");
    append_utf8(out, value);
    return ok();
  }
  if (c == 'x') {
    skip();
    char32_t value{};
    SPINE_TRY_STATUS(scan_hex(2, value));
    if (value == 0) return error_at(start, "a NUL character in a string; take it out.");
    append_utf8(out, value);
    return ok();
  }
  if (c == 0) return error("a NUL character in a string; take it out.");
  if (is_digit(c)) {
    return error_at(start, "a backslash before a digit means nothing in JSON5; use \\x or \\u.");
  }
  skip();
  if (c == '\r' && peek() == '\n') skip();
  if (c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) return ok();  // a line continued
  const char32_t value = short_escape(c);
  append_utf8(out, value == kEnd ? c : value);
  return ok();
}

// \uXXXX, or two of them for a code point above U+FFFF. REQUIRES: here stands the u.
Status Scanner::scan_unicode_escape(char32_t& out) {
  const Place start = place_;
  skip();
  SPINE_TRY_STATUS(scan_hex(4, out));
  if (out < 0xd800 || out > 0xdfff) return ok();
  char32_t low{};
  if (out < 0xdc00 && here("\\u")) {
    skip();
    skip();
    SPINE_TRY_STATUS(scan_hex(4, low));
  }
  if (low < 0xdc00 || low > 0xdfff) {
    return error_at(start, "half of a \\u pair; characters above U+FFFF need both halves.");
  }
  out = 0x10000 + ((out - 0xd800) << 10U) + (low - 0xdc00);
  return ok();
}

Status Scanner::scan_hex(int digits, char32_t& out) {
  out = 0;
  for (int i = 0; i < digits; ++i) {
    const int value = hex_value(peek());
    if (value < 0) {
      return error(fmt::format("expected {} hexadecimal digits, found {}.", digits, found()));
    }
    out = (out << 4U) | static_cast<char32_t>(value);
    skip();
  }
  return ok();
}

std::string Scanner::scan_digits() {
  std::string digits;
  while (is_digit(peek())) {
    digits.push_back(static_cast<char>(peek()));
    skip();
  }
  return digits;
}

Status Scanner::scan_number(std::string& out) {
  const Place start = place_;
  const bool negative = peek() == '-';
  if (negative || peek() == '+') skip();
  if (here("Infinity") || here("NaN")) {
    return error_at(start, "no setting can be Infinity or NaN; write a number.");
  }
  if (here("0x") || here("0X")) return scan_hex_number(negative, out);
  const std::string whole = scan_digits();
  if (whole.size() > 1 && whole[0] == '0') {
    return error_at(start, "a number cannot start with 0; take the 0 away, or quote it.");
  }
  std::string fraction;
  if (skip_if('.')) fraction = scan_digits();
  if (whole.empty() && fraction.empty()) {
    return error_at(start, fmt::format("expected a number, found {}.", found()));
  }
  out = fmt::format("{}{}", negative ? "-" : "", whole.empty() ? "0" : whole);
  if (!fraction.empty()) out += "." + fraction;
  if (peek() == 'e' || peek() == 'E') {
    out.push_back('e');
    skip();
    if (peek() == '+' || peek() == '-') {
      out.push_back(static_cast<char>(peek()));
      skip();
    }
    const std::string exponent = scan_digits();
    if (exponent.empty()) {
      return error(fmt::format("expected the digits of the exponent, found {}.", found()));
    }
    out += exponent;
  }
  double value{};
  if (std::from_chars(out.data(), out.data() + out.size(), value).ec != std::errc{}) {
    return error_at(start, "this number is too large or too small; write a smaller exponent.");
  }
  return end_number();
}

Status Scanner::scan_hex_number(bool negative, std::string& out) {
  const Place start = place_;
  skip();
  skip();
  std::uint64_t value = 0;
  int digits = 0;
  for (int digit = hex_value(peek()); digit >= 0; digit = hex_value(peek())) {
    if (value >> 60U != 0) return error_at(start, "this number has more than 64 bits.");
    value = (value << 4U) | static_cast<std::uint64_t>(digit);
    ++digits;
    skip();
  }
  if (digits == 0) return error(fmt::format("expected hexadecimal digits, found {}.", found()));
  out = fmt::format("{}{}", negative ? "-" : "", value);
  return end_number();
}

Status Scanner::end_number() {
  if (!continues_name(peek()) && peek() != '.') return ok();
  return error(
      fmt::format("expected the number to end, found {}; quote it if it is text.", found()));
}

Status Scanner::scan_name(std::string& out) {
  while (continues_name(peek())) {
    char32_t c = peek();
    if (c == '\\') {
      const Place start = place_;
      skip();
      if (peek() != 'u') return error_at(start, "only \\u escapes can stand in a bare key.");
      SPINE_TRY_STATUS(scan_unicode_escape(c));
      if (c == '\\' || !continues_name(c)) {
        return error_at(start, "this character cannot stand in a bare key; quote the key.");
      }
    } else {
      skip();
    }
    append_utf8(out, c);
  }
  return ok();
}

}  // namespace spine::config
