// Writing and reading of cursors.
#include "schemas/vocab/cursor.h"

#include <charconv>

#include "schemas/vocab/uuid.h"

namespace spine {
namespace {

template <class T>
bool parse_number(std::string_view text, int base, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

bool parse_cursor(std::string_view text, Cursor& out) {
  constexpr std::size_t kEpochDigits = 32;
  if (text.size() < kEpochDigits + 4 || text[kEpochDigits] != '.') return false;
  const std::string_view rest = text.substr(kEpochDigits + 1);
  const std::size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return false;
  return parse_number(text.substr(0, 16), 16, out.epoch.hi) &&
         parse_number(text.substr(16, 16), 16, out.epoch.lo) &&
         parse_number(rest.substr(0, dot), 10, out.seq.value) &&
         parse_number(rest.substr(dot + 1), 10, out.ordinal);
}

void append_cursor(std::string& out, const Cursor& cursor) {
  append_hex(out, cursor.epoch);
  out += '.';
  out += std::to_string(cursor.seq.value);
  out += '.';
  out += std::to_string(cursor.ordinal);
}

std::string cursor_text(Bits128 epoch, Seq seq) {
  std::string text;
  append_cursor(text, {.epoch = epoch, .seq = seq, .ordinal = kWholeEvent});
  return text;
}

}  // namespace spine
