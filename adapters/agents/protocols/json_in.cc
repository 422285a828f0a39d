// Parses lines and repairs common errors of programs in one pass; text outside of objects is
// dropped.
#include "adapters/agents/protocols/json_in.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/utf8.h"
#include "schemas/vocab/uuid.h"

namespace spine::agents {
namespace {

constexpr char kEscape = '\x1b';

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

// Bytes of the terminal's escape sequence at `at`; 0 = there is none.
std::size_t escape_bytes(std::string_view line, std::size_t at) {
  if (line[at] != kEscape) return 0;
  if (at + 1 >= line.size()) return 1;
  const char kind = line[at + 1];
  std::size_t end = at + 2;
  if (kind == '[') {
    while (end < line.size() && (line[end] < '@' || line[end] > '~'))
      ++end;
    return std::min(end + 1, line.size()) - at;
  }
  if (kind == ']' || kind == 'P' || kind == '_' || kind == '^') {
    for (; end < line.size(); ++end) {
      if (line[end] == '\a') return end + 1 - at;
      if (line[end] == kEscape) return std::min(end + 2, line.size()) - at;
    }
    return 2;  // unterminated: only its introducer is skipped
  }
  // ESC ( B and the like: intermediate bytes, then a final byte.
  while (end < line.size() && kind >= ' ' && kind <= '/' && line[end] < '0')
    ++end;
  return (kind >= ' ' && kind <= '/' ? std::min(end + 1, line.size()) : end) - at;
}

// The UTF-16 code unit of the four hexadecimal digits at `at`; nothing if they are none.
std::optional<std::uint32_t> hex_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  std::uint32_t unit = 0;
  for (const char c : text.substr(at, 4)) {
    const bool digit = c >= '0' && c <= '9';
    const char lower = static_cast<char>(c | 0x20);
    if (!digit && (lower < 'a' || lower > 'f')) return std::nullopt;
    unit = unit * 16 + static_cast<std::uint32_t>(digit ? c - '0' : lower - 'a' + 10);
  }
  return unit;
}

bool is_high(std::uint32_t unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(std::uint32_t unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

std::string surrogate_bytes(std::uint32_t unit) {
  return {static_cast<char>(0xE0U | (unit >> 12U)),
          static_cast<char>(0x80U | ((unit >> 6U) & 0x3FU)),
          static_cast<char>(0x80U | (unit & 0x3FU))};
}

// How many bytes from `at` on are the start of an incomplete UTF-8 character; 0 = none are.
std::size_t begun_bytes(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const std::size_t whole = lead >= 0xF0 && lead < 0xF5   ? 4
                            : lead >= 0xE0 && lead < 0xF0 ? 3
                            : lead >= 0xC2 && lead < 0xE0 ? 2
                                                          : 0;
  std::size_t count = 1;
  while (count < whole && at + count < text.size() && continues_character(text[at + count]))
    ++count;
  return count < whole ? count : 0;
}

// The surrogate that was encoded in three bytes as if it were a code point (CESU-8).
char32_t surrogate(std::string_view bytes) {
  return 0xD000U | (static_cast<char32_t>(bytes[1] & 0x3F) << 6U) |
         static_cast<char32_t>(bytes[2] & 0x3F);
}

bool is_surrogate(std::string_view bytes) {
  return bytes.size() == 3 && bytes[0] == '\xED' && static_cast<unsigned char>(bytes[1]) >= 0xA0;
}

// The character that both halves form; "" = none.
std::string together(const std::string& first, const std::string& second) {
  std::string whole = first + second;
  if (is_surrogate(first) && is_surrogate(second)) {
    whole.clear();
    append_utf8(whole,
                0x10000U + ((surrogate(first) & 0x3FFU) << 10U) + (surrogate(second) & 0x3FFU));
    return whole;
  }
  return decode_utf8(whole, 0).bytes == whole.size() ? whole : std::string{};
}

bool is_word(char c) {
  return is_letter_or_digit(c) || c == '_';
}

}  // namespace

bool LineMender::next() {
  constexpr std::size_t kKept = 65'536;
  if (object_.capacity() > kKept) object_ = std::string{};
  object_.clear();
  split_ = {};
  return find_start() && copy_object();
}

void LineMender::note_noise(char c) {
  if (is_letter_or_digit(c)) words_ = true;
  noise_ = true;
}

// Skips what a terminal does not show; true if something was skipped.
bool LineMender::skip_invisible() {
  if (const std::size_t bytes = escape_bytes(line_, at_); bytes != 0) {
    at_ += bytes;
    return true;
  }
  if (line_.substr(at_).starts_with("\xEF\xBB\xBF")) {
    at_ += 3;
    return true;
  }
  if (!is_control(line_[at_]) || is_blank(line_[at_])) return false;
  ++at_;
  return true;
}

bool LineMender::find_start() {
  while (at_ < line_.size()) {
    const char c = line_[at_];
    if (c == '{') {
      // In "{} words {"type":..." the empty object is no message.
      std::size_t inside = at_ + 1;
      while (inside < line_.size() && (is_blank(line_[inside]) || line_[inside] == kEscape))
        inside += std::max(escape_bytes(line_, inside), std::size_t{1});
      if (inside < line_.size() && line_[inside] == '"') {
        quoted_ = words_;
        return true;
      }
    }
    if (c == '\r') words_ = false;  // a terminal would overwrite what was before
    if (skip_invisible()) continue;
    if (!is_blank(c)) note_noise(c);
    ++at_;
  }
  return false;
}

bool LineMender::copy_object() {
  std::size_t depth = 0;
  while (at_ < line_.size()) {
    if (skip_invisible()) continue;
    const char c = line_[at_];
    if (c == '"') {
      copy_string();
      continue;
    }
    ++at_;
    if (static_cast<unsigned char>(c) >= 0x80) continue;  // not JSON: dropped
    object_ += c;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) {
      words_ = false;
      return true;
    }
  }
  cut_off_ = true;
  return false;
}

void LineMender::copy_string() {
  object_ += line_[at_++];
  text_start_ = object_.size();
  while (at_ < line_.size()) {
    const char c = line_[at_];
    if (c == '"') {
      object_ += c;
      ++at_;
      return;
    }
    if (c == '\\') {
      copy_escape();
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      copy_beyond_ascii();
    } else if (static_cast<unsigned char>(c) < 0x20) {
      object_ += "\\u00";
      object_ += kHexDigits[static_cast<unsigned char>(c) >> 4U];
      object_ += kHexDigits[static_cast<unsigned char>(c) & 15U];
      ++at_;
    } else {
      object_ += c;
      ++at_;
    }
  }
}

void LineMender::copy_escape() {
  constexpr std::string_view kEscapes = "\"\\/bfnrt";
  if (at_ + 1 >= line_.size()) {
    ++at_;
    return;
  }
  const char kind = line_[at_ + 1];
  if (kEscapes.find(kind) != std::string_view::npos) {
    object_ += line_.substr(at_, 2);
    at_ += 2;
    return;
  }
  if (kind == 'u') {
    if (const auto unit = hex_unit(line_, at_ + 2)) {
      copy_unit(*unit);
      return;
    }
  }
  // An invalid escape: a literal backslash, except for \', which becomes the quote alone.
  if (kind != '\'') object_ += "\\\\";
  ++at_;
}

void LineMender::copy_unit(std::uint32_t unit) {
  const std::string_view behind = line_.substr(std::min(at_ + 6, line_.size()));
  if (is_high(unit) && behind.starts_with("\\u")) {
    const auto second = hex_unit(behind, 2);
    if (second && is_low(*second)) {
      object_ += line_.substr(at_, 12);
      at_ += 12;
      return;
    }
  }
  if (!is_high(unit) && !is_low(unit)) {
    object_ += line_.substr(at_, 6);
  } else {
    if (is_low(unit) && object_.size() == text_start_) split_.head = surrogate_bytes(unit);
    if (is_high(unit) && behind.starts_with('"')) split_.tail = surrogate_bytes(unit);
    object_ += kReplacement;
  }
  at_ += 6;
}

void LineMender::copy_beyond_ascii() {
  const std::size_t bytes = decode_utf8(line_, at_).bytes;
  if (bytes != 0) {
    object_ += line_.substr(at_, bytes);
    at_ += bytes;
    return;
  }
  std::size_t broken = 1;
  if (continues_character(line_[at_]) && object_.size() == text_start_) {
    while (broken < 3 && at_ + broken < line_.size() && continues_character(line_[at_ + broken]))
      ++broken;
    split_.head = line_.substr(at_, broken);
    if (line_.substr(at_ + broken).starts_with('"')) split_.tail = split_.head;
  } else if (const std::size_t begun = begun_bytes(line_, at_); begun != 0) {
    broken = begun;
    if (line_.substr(at_ + broken).starts_with('"')) split_.tail = line_.substr(at_, broken);
  }
  object_ += kReplacement;
  at_ += broken;
}

std::string_view JoinedPieces::add(std::string_view piece, const SplitCharacter& split) {
  const bool ends = !split.tail.empty() && piece.ends_with(kReplacement);
  if (held_.empty() && !ends) return piece;
  joined_.clear();
  std::string held;
  held.swap(held_);
  if (!held.empty() && !piece.empty()) {
    const bool begins = !split.head.empty() && piece.starts_with(kReplacement);
    const std::string whole = begins ? together(held, split.head) : std::string{};
    if (begins && whole.empty() && piece.size() == kReplacement.size() && ends &&
        held.size() + split.head.size() < 4) {
      held_ = held + split.head;  // one character split into three pieces
      return {};
    }
    joined_ = whole.empty() ? std::string(kReplacement) : whole;
    if (!whole.empty()) piece.remove_prefix(kReplacement.size());
  } else if (!held.empty()) {
    held_.swap(held);
    return {};
  }
  if (ends && piece.ends_with(kReplacement)) {
    held_ = split.tail;
    piece.remove_suffix(kReplacement.size());
  }
  joined_ += piece;
  return joined_;
}

std::string_view JoinedPieces::rest() {
  const bool half = !held_.empty();
  held_.clear();
  return half ? kReplacement : std::string_view{};
}

JsonNode JsonIn::parse(std::string_view line) {
  padded_.assign(line);
  simdjson::dom::element root;
  if (parser_.parse(padded_, root) != JsonParser::Fault::none) return {};
  return root.is_object() ? JsonNode{root} : JsonNode{};
}

bool JsonIn::is_copy(std::string_view line) {
  std::swap(previous_, padded_);
  const bool copy = !quoted_.empty() && line == quoted_;
  after_quote_ = !quoted_.empty();
  quoted_.clear();
  return copy;
}

JsonNode JsonIn::read_object(std::string_view line) {
  JsonNode found;
  int count = 0;
  const LineRead read = this->read(line, [&](const JsonNode& node) {
    found = node;
    ++count;
  });
  const bool one = count == 1 && read != LineRead::unreadable;
  return one ? found : JsonNode{};
}

bool names_value(std::string_view line, std::string_view key, std::string_view value) {
  const auto skip = [&line](std::size_t at) {
    return std::min(line.find_first_not_of(" \t", at), line.size());
  };
  const std::string name = "\"" + std::string(key) + "\"";
  for (std::size_t at = line.find(name); at != std::string_view::npos;
       at = line.find(name, at + 1)) {
    std::size_t next = skip(at + name.size());
    if (next == line.size() || line[next] != ':') continue;
    next = skip(next + 1);
    if (next < line.size() && line[next] == '"') ++next;
    if (!line.substr(next).starts_with(value)) continue;
    next += value.size();
    const bool ends = next == line.size() || !is_word(line[next]);
    if (ends) return true;
  }
  return false;
}

std::string id_in(std::string_view line) {
  constexpr std::size_t kIdBytesMax = 128;
  const std::size_t name = line.find("\"id\"");
  if (name == std::string_view::npos) return {};
  const std::size_t colon = line.find_first_not_of(" \t", name + 4);
  if (colon == std::string_view::npos || line[colon] != ':') return {};
  const std::size_t start = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
  const bool text = line.substr(start).starts_with('"');
  std::size_t end = text ? start + 1 : start;
  const auto goes_on = [text](char c) {
    return is_word(c) || c == '-' || (text && (c == '.' || c == ':' || c == '/'));
  };
  while (end < line.size() && goes_on(line[end]))
    ++end;
  if (text && (end == line.size() || line[end++] != '"')) return {};
  JsonIn in;
  const std::string id(line.substr(start, end - start));
  const bool json = id.size() <= kIdBytesMax && in.read_object("{\"id\":" + id + "}").there();
  return json && id != "null" ? id : std::string{};
}

std::string joined_text(const JsonNode& content) {
  if (content.is_text()) return std::string(content.text());
  std::string joined;
  content.each([&joined](const JsonNode& part) {
    if (part.text("type") == "text") joined += part.text("text");
  });
  return joined;
}

}  // namespace spine::agents
