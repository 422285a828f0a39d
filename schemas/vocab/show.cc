// Show: times, sizes and foreign text as people read them.
#include "schemas/vocab/show.h"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <ctime>

#include "schemas/vocab/utf8.h"
#include "schemas/vocab/uuid.h"

namespace spine {
namespace {

template <class... Args>
std::string format(const char* pattern, Args... args) {
  std::array<char, 96> text{};
  const int n = std::snprintf(text.data(), text.size(), pattern, args...);
  return std::string(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
}

void append_visible(std::string& out, char32_t c) {
  if (c == '\n') {
    out += "\\n";
  } else if (c == '\r') {
    out += "\\r";
  } else if (c == '\t') {
    out += "\\t";
  } else if (c < 0x100) {
    out += format("\\x%02" PRIx32, static_cast<std::uint32_t>(c));
  } else {
    out += format("\\u%04" PRIx32, static_cast<std::uint32_t>(c));
  }
}

}  // namespace

std::string show_time(std::int64_t wall_ms) {
  std::int64_t seconds = wall_ms / 1000;
  std::int64_t ms = wall_ms % 1000;
  if (ms < 0) {
    ms += 1000;
    --seconds;
  }
  const auto moment = static_cast<std::time_t>(seconds);
  std::tm local{};
  if (localtime_r(&moment, &local) == nullptr) return format("%" PRId64 " ms", wall_ms);
  const long offset = local.tm_gmtoff / 60;
  const long size = offset < 0 ? -offset : offset;
  return format("%04d-%02d-%02d %02d:%02d:%02d.%03d%c%02ld:%02ld", local.tm_year + 1900,
                local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                static_cast<int>(ms), offset < 0 ? '-' : '+', size / 60, size % 60);
}

std::string show_bytes(std::uint64_t bytes) {
  if (bytes < 1024) return format("%" PRIu64 " B", bytes);
  constexpr std::array<const char*, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return format("%.1f %s", value, kUnits[unit]);
}

std::string show_duration_ms(std::uint64_t ms) {
  if (ms < 1000) return format("%" PRIu64 " ms", ms);
  const std::uint64_t s = ms / 1000;
  if (s < 60) return format("%.1f s", static_cast<double>(ms) / 1000);
  if (s < 3600) return format("%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
  if (s < 86'400) return format("%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
  return format("%" PRIu64 " d %" PRIu64 " h", s / 86'400, s / 3600 % 24);
}

std::string show_count(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, 1, ',');
  return digits;
}

std::string show_hex(ByteSpan bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::byte b : bytes) {
    text += kHexDigits[std::to_integer<std::size_t>(b) >> 4U];
    text += kHexDigits[std::to_integer<std::size_t>(b) & 0x0FU];
  }
  return text;
}

std::string show_hex(Bits128 value) {
  std::string text;
  append_hex(text, value);
  return text;
}

std::string printable(std::string_view text, bool keep_newlines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const bool kept = keep_newlines && (c.value == '\n' || c.value == '\t');
    if (c.bytes == 0) {
      append_visible(out, static_cast<unsigned char>(text[at]));
    } else if (steers_terminal(c.value) && !kept) {
      append_visible(out, c.value);
    } else {
      out.append(text, at, c.bytes);
    }
    at += std::max<std::size_t>(c.bytes, 1);
  }
  return out;
}

}  // namespace spine
