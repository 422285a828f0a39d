// The named references that texts of models hold; a rare one is shown as it was written.
#include "adapters/channels/text/entities.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "schemas/vocab/utf8.h"

namespace spine::channels {
namespace {

struct Named {
  std::string_view name{};
  char32_t value{};
};

constexpr std::array kNamed = std::to_array<Named>({
    {"amp", '&'},      {"apos", '\''},   {"bull", 0x2022},   {"cent", 0xa2},    {"check", 0x2713},
    {"copy", 0xa9},    {"darr", 0x2193}, {"deg", 0xb0},      {"divide", 0xf7},  {"emsp", 0x2003},
    {"ensp", 0x2002},  {"euro", 0x20ac}, {"frac12", 0xbd},   {"frac14", 0xbc},  {"ge", 0x2265},
    {"gt", '>'},       {"harr", 0x2194}, {"hellip", 0x2026}, {"iexcl", 0xa1},   {"infin", 0x221e},
    {"iquest", 0xbf},  {"laquo", 0xab},  {"larr", 0x2190},   {"ldquo", 0x201c}, {"le", 0x2264},
    {"lsquo", 0x2018}, {"lt", '<'},      {"mdash", 0x2014},  {"micro", 0xb5},   {"middot", 0xb7},
    {"minus", 0x2212}, {"nbsp", 0xa0},   {"ndash", 0x2013},  {"ne", 0x2260},    {"para", 0xb6},
    {"plusmn", 0xb1},  {"pound", 0xa3},  {"quot", '"'},      {"raquo", 0xbb},   {"rarr", 0x2192},
    {"rdquo", 0x201d}, {"reg", 0xae},    {"rsquo", 0x2019},  {"sect", 0xa7},    {"shy", 0xad},
    {"sup2", 0xb2},    {"sup3", 0xb3},   {"thinsp", 0x2009}, {"times", 0xd7},   {"trade", 0x2122},
    {"uarr", 0x2191},  {"yen", 0xa5},
});
static_assert(std::ranges::is_sorted(kNamed, {}, &Named::name));

// `digits` without "#" or "#x". 0 = none, too large, or no character.
char32_t numbered(std::string_view digits, int base) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  const bool valid = read.ec == std::errc{} && read.ptr == digits.data() + digits.size() &&
                     value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return valid ? static_cast<char32_t>(value) : 0;
}

}  // namespace

void append_entity(std::string& out, std::string_view reference) {
  if (reference.size() < 3 || reference.front() != '&' || reference.back() != ';') {
    out.append(reference);
    return;
  }
  const std::string_view name = reference.substr(1, reference.size() - 2);
  if (name.front() == '#') {
    const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    const char32_t value = numbered(name.substr(hex ? 2 : 1), hex ? 16 : 10);
    if (value == 0) {
      out.append(kReplacement);
    } else {
      append_utf8(out, value);
    }
    return;
  }
  const auto* const found = std::ranges::lower_bound(kNamed, name, {}, &Named::name);
  if (found == kNamed.end() || found->name != name) {
    out.append(reference);
  } else {
    append_utf8(out, found->value);
  }
}

void append_escaped(std::string& out, std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find_first_of("&<>\"", at), text.size());
    out.append(text.substr(at, next - at));
    if (next == text.size()) return;
    switch (text[next]) {
      case '&':
        out.append("&amp;");
        break;
      case '<':
        out.append("&lt;");
        break;
      case '>':
        out.append("&gt;");
        break;
      default:
        out.append("&quot;");
    }
    at = next + 1;
  }
}

}  // namespace spine::channels
