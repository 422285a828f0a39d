// Counting by our own loops; categories, widths and graphemes by utf8proc.
#include "adapters/channels/text/text_units.h"

#include <algorithm>
#include <utf8proc.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

utf8proc_int32_t code_point(std::string_view text, std::size_t at) {
  return static_cast<utf8proc_int32_t>(decode_utf8(text, at).value);
}

std::size_t units_of(char32_t value, Count count) {
  return count == Count::utf16_units && value > 0xffff ? 2 : 1;
}

// Fillers and the blank Braille pattern are letters and symbols by their category.
bool is_invisible(char32_t c) {
  if (c == 0x2800 || c == 0x3164 || c == 0xffa0 || c == 0x115f || c == 0x1160) return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
      return true;
    default:
      return false;
  }
}

// What a full-width mark of punctuation lets end: texts in Chinese have no spaces.
Cut wide_cut(char32_t c) {
  switch (c) {
    case 0x3002:  // ideographic full stop
    case 0xff01:  // exclamation mark
    case 0xff1f:  // question mark
      return Cut::sentence;
    case 0xff0c:  // comma
    case 0x3001:  // ideographic comma
    case 0xff1b:  // semicolon
    case 0xff1a:  // colon
      return Cut::word;
    default:
      return Cut::none;
  }
}

bool ends_sentence(std::string_view text, std::size_t begin, std::size_t space) {
  return space > begin && std::string_view(".!?:;").find(text[space - 1]) != std::string_view::npos;
}

}  // namespace

std::string repair_utf8(std::string_view text) {
  if (is_utf8(text) && text.find('\0') == std::string_view::npos) return std::string(text);
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = decode_utf8(text, at).bytes;
    if (bytes == 0 || text[at] == '\0') {
      out.append(kReplacement);
      ++at;
    } else {
      out.append(text.substr(at, bytes));
      at += bytes;
    }
  }
  return out;
}

std::size_t count_units(std::string_view text, Count count) {
  std::size_t units = 0;
  for (const char c : text) {
    units += continues_character(c) ? 0 : 1;
    // A lead byte of four stands for two UTF-16 units.
    units += count == Count::utf16_units && static_cast<unsigned char>(c) >= 0xf0 ? 1 : 0;
  }
  return units;
}

bool is_blank(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    if (!is_invisible(c.value)) return false;
    at += c.bytes;
  }
  return true;
}

bool is_boundary(std::string_view text, std::size_t at) {
  if (at == 0 || at >= text.size()) return true;
  const auto byte = static_cast<unsigned char>(text[at]);
  if (text[at - 1] == '\n') return true;
  if (byte < 0x80 && text[at - 1] != '\r') return true;
  std::size_t before = at - 1;
  while (before > 0 && continues_character(text[before]))
    --before;
  return utf8proc_grapheme_break(code_point(text, before), code_point(text, at));
}

Chunk next_chunk(std::string_view text, std::size_t begin, std::size_t end, std::size_t bytes_max) {
  const std::size_t stop = end - begin > bytes_max ? begin + bytes_max : end;
  std::size_t at = begin;
  while (at < stop) {
    const char c = text[at];
    Cut cut = Cut::none;
    if (c == '\n') return {at + 1, Cut::line};
    if (c == ' ' || c == '\t') {
      cut = ends_sentence(text, begin, at) ? Cut::sentence : Cut::word;
      while (at < stop && (text[at] == ' ' || text[at] == '\t'))
        ++at;
    } else if ((c == '\xe3' || c == '\xef') && end - at >= 3) {
      cut = wide_cut(decode_utf8(text, at).value);
      at += 3;
    } else {
      ++at;
    }
    if (cut != Cut::none && at < text.size() && text[at] != '\n' && is_boundary(text, at)) {
      return {std::min(at, end), cut};
    }
  }
  at = std::min(at, stop);
  while (at < end && continues_character(text[at]))
    ++at;
  return {at, Cut::none};
}

bool would_begin_block(std::string_view text, std::size_t at) {
  if (at >= text.size()) return false;
  const char first = text[at];
  std::size_t end = std::min(text.find_first_not_of(first, at), text.size());
  if (first == '>') return true;
  if (first == '`' || first == '~') return end - at >= 3;
  if (is_digit(first)) {
    end = std::min(text.find_first_not_of("0123456789", at), text.size());
    end += end < text.size() && (text[end] == '.' || text[end] == ')') ? 1 : 0;
    if (is_digit(text[end - 1])) return false;
  } else if (std::string_view("#-+*").find(first) == std::string_view::npos) {
    return false;
  }
  return end == text.size() || kBlanks.find(text[end]) != std::string_view::npos;
}

std::size_t fit_graphemes(std::string_view text, Count count, std::size_t units_max) {
  utf8proc_int32_t state = 0;
  std::size_t units = 0;
  std::size_t fits = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    const auto value = static_cast<utf8proc_int32_t>(c.value);
    if (at > 0) {
      std::size_t before = at - 1;
      while (before > 0 && continues_character(text[before]))
        --before;
      if (utf8proc_grapheme_break_stateful(code_point(text, before), value, &state)) fits = at;
    }
    units += units_of(c.value, count);
    if (units > units_max) return fits;
    at += c.bytes;
  }
  return text.size();
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text, at);
    width += static_cast<std::size_t>(
        std::max(utf8proc_charwidth(static_cast<utf8proc_int32_t>(c.value)), 0));
    at += c.bytes;
  }
  return width;
}

}  // namespace spine::channels
