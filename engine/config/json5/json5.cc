// The tree of values, its parser (the lexical grammar of JSON5 1.0.0 and a recursive descent,
// bounded in bytes, depth and count), and strict JSON made from it.
#include "engine/config/json5/json5.h"

#include <array>
#include <charconv>
#include <fmt/format.h>

#include "engine/config/edit/redact.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::config {
namespace {

// Depth is bounded by the parser, so recursion is.
class Writer {
 public:
  Writer(const Document& document, Hide hide, bool pretty)
      : document_(document), hide_(hide), pretty_(pretty) {}

  void value(NodeId id, Hidden hidden) {
    const Node& node = document_[id];
    switch (node.kind) {
      case Kind::object:
        return container(id, hidden, '{', '}');
      case Kind::array:
        return container(id, hidden, '[', ']');
      case Kind::null:
        out_ += "null";
        return;
      default:
        break;
    }
    const bool is_text = node.kind == Kind::string;
    if (hidden == Hidden::everything || (hidden == Hidden::texts && is_text)) {
      return append_json_string(out_, kRedacted);
    }
    if (is_text) return string(document_.shown_text(id));
    if (node.kind == Kind::number) {
      out_ += document_.text(id);
    } else {
      out_ += node.boolean ? "true" : "false";
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void string(std::string_view text) {
    if (hide_ == nullptr) return append_json_string(out_, text);
    append_json_string(out_, without_url_secrets(text));
  }

  void new_line() {
    if (!pretty_) return;
    out_.push_back('\n');
    out_.append(2 * depth_, ' ');
  }

  void container(NodeId id, Hidden hidden, char open, char close) {
    out_.push_back(open);
    ++depth_;
    const char* separator = "";
    for (NodeId child = document_.first_child(id); child != 0; child = document_.next(child)) {
      out_ += separator;
      separator = ",";
      new_line();
      if (open == '{') {
        member(child, hidden);
      } else {
        value(child, hidden);
      }
    }
    --depth_;
    if (document_.first_child(id) != 0) new_line();
    out_.push_back(close);
  }

  void member(NodeId id, Hidden hidden) {
    append_json_string(out_, document_.key(id));
    out_ += pretty_ ? ": " : ":";
    path_.push_back(document_.key(id));
    value(id, hide_ == nullptr ? hidden : more_hidden(hidden, hide_(path_)));
    path_.pop_back();
  }

  const Document& document_;
  Hide hide_;
  bool pretty_;
  std::size_t depth_{};
  std::vector<std::string_view> path_{};
  std::string out_{};
};

constexpr std::size_t kNameShown = 60;  // bytes of a key, in messages
constexpr char32_t kEnd = 0xffffffff;   // behind the last character

bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000 || c == 0xfeff;
}

bool is_decimal(char32_t c) {
  return c >= '0' && c <= '9';
}

int hex_value(char32_t c) {
  if (is_decimal(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return -1;
}

bool starts_number(char32_t c) {
  return is_decimal(c) || c == '+' || c == '-' || c == '.';
}

// ASCII as in the grammar; of the rest everything that is not white space or control.
bool starts_name(char32_t c) {
  if (c < 0x80) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c == '\\';
  }
  return c > 0x9f && c != kEnd && !is_blank(c);
}

bool continues_name(char32_t c) {
  return starts_name(c) || is_decimal(c) || c == 0x200c || c == 0x200d;
}

// Walks over text that passed check_utf8(). After an error it must not be used further.
// `document` and `text` must outlive it.
class Scanner {
 public:
  Scanner(const Document& document, std::string_view text, std::uint16_t file)
      : document_(document), text_(text), place_{.file = file} {}

  // Whether all of the text is UTF-8. Walks to its end.
  Status check_utf8() {
    for (; at_ < text_.size(); skip()) {
      if (decode_utf8(text_, at_).bytes != 0) continue;
      return error("the byte 0x{:02x} is not UTF-8 here; save the file as UTF-8.",
                   static_cast<unsigned char>(text_[at_]));
    }
    return ok();
  }

  // The code point here, or kEnd.
  char32_t peek() const {
    if (at_ >= text_.size()) return kEnd;
    return decode_utf8(text_, at_).value;
  }

  // Steps over it. REQUIRES: peek() != kEnd.
  void skip() {
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

  bool skip_if(char c) {
    if (peek() != static_cast<unsigned char>(c)) return false;
    skip();
    return true;
  }

  // Steps over white space and comments.
  Status skip_blank() {
    while (true) {
      if (here("//")) {
        while (peek() != kEnd && peek() != '\n' && peek() != '\r' && peek() != 0x2028 &&
               peek() != 0x2029) {
          skip();
        }
      } else if (here("/*")) {
        const Place start = place_;
        skip();
        skip();
        for (; !here("*/"); skip()) {
          if (peek() == kEnd)
            return error_at(start, "this comment does not end; close it with */.");
        }
        skip();
        skip();
      } else if (is_blank(peek())) {
        skip();
      } else {
        return ok();
      }
    }
  }

  // REQUIRES: here stands a quote.
  Status scan_string(std::string& out) {
    const Place start = place_;
    const char32_t quote = peek();
    skip();
    while (true) {
      const char32_t c = peek();
      if (c == kEnd || c == '\n' || c == '\r') {
        return error_at(start,
                        "this string does not end on its line; close it with {}, or end the line "
                        "with \\ to go on.",
                        static_cast<char>(quote));
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

  // A number as strict JSON. REQUIRES: starts_number(peek()).
  Status scan_number(std::string& out) {
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
      return error_at(start, "expected a number, found {}.", found());
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
        return error("expected the digits of the exponent, found {}.", found());
      }
      out += exponent;
    }
    double value{};
    if (std::from_chars(out.data(), out.data() + out.size(), value).ec != std::errc{}) {
      return error_at(start, "this number is too large or too small; write a smaller exponent.");
    }
    return end_number();
  }

  // A name without quotes, as in bare keys, true, false, null.
  Status scan_name(std::string& out) {
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

  Place place() const { return place_; }
  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_); }
  // "file:line:column: message".
  template <class... Args>
  Error error_at(Place place, fmt::format_string<Args...> text, Args&&... args) const {
    return {Errc::invalid_argument,
            document_.where(place) + ": " + fmt::format(text, std::forward<Args>(args)...)};
  }
  template <class... Args>
  Error error(fmt::format_string<Args...> text, Args&&... args) const {
    return error_at(place_, text, std::forward<Args>(args)...);
  }
  // What stands here, for messages: `"x"`, or "the end of the file".
  std::string found() const {
    const char32_t c = peek();
    if (c == kEnd) return "the end of the file";
    return fmt::format("'{}'", printable(text_.substr(at_, decode_utf8(text_, at_).bytes)));
  }

 private:
  bool here(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  Status scan_escape(std::string& out) {
    const Place start = place_;
    skip();
    const char32_t c = peek();
    if (c == kEnd) return error_at(start, "the file ends inside a string; close it.");
    if (c == 'u' || c == 'x') {
      char32_t value{};
      if (c == 'x') skip();
      SPINE_TRY_STATUS(c == 'u' ? scan_unicode_escape(value) : scan_hex(2, value));
      if (value == 0) return error_at(start, "a NUL character in a string; take it out.");
      append_utf8(out, value);
      return ok();
    }
    if (c == 0) return error("a NUL character in a string; take it out.");
    if (is_decimal(c)) {
      return error_at(start, "a backslash before a digit means nothing in JSON5; use \\x or \\u.");
    }
    skip();
    if (c == '\r' && peek() == '\n') skip();
    if (c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029) return ok();  // a line continued
    constexpr std::string_view kLetters = "bfnrtv";
    constexpr std::string_view kMeanings = "\b\f\n\r\t\v";
    const std::size_t at = c < 0x80 ? kLetters.find(static_cast<char>(c)) : std::string_view::npos;
    append_utf8(out, at == std::string_view::npos ? c : static_cast<char32_t>(kMeanings[at]));
    return ok();
  }

  // \uXXXX, or two of them for a code point above U+FFFF. REQUIRES: here stands the u.
  Status scan_unicode_escape(char32_t& out) {
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

  Status scan_hex(int digits, char32_t& out) {
    out = 0;
    for (int i = 0; i < digits; ++i) {
      const int value = hex_value(peek());
      if (value < 0) {
        return error("expected {} hexadecimal digits, found {}.", digits, found());
      }
      out = (out << 4U) | static_cast<char32_t>(value);
      skip();
    }
    return ok();
  }

  Status scan_hex_number(bool negative, std::string& out) {
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
    if (digits == 0) return error("expected hexadecimal digits, found {}.", found());
    out = fmt::format("{}{}", negative ? "-" : "", value);
    return end_number();
  }

  std::string scan_digits() {
    std::string digits;
    while (is_decimal(peek())) {
      digits.push_back(static_cast<char>(peek()));
      skip();
    }
    return digits;
  }

  Status end_number() {
    if (!continues_name(peek()) && peek() != '.') return ok();
    return error("expected the number to end, found {}; quote it if it is text.", found());
  }

  const Document& document_;
  std::string_view text_;
  std::size_t at_{};
  Place place_{};
};

class Parser {
 public:
  Parser(Document& document, std::string_view text, std::uint16_t file)
      : document_(document), scanner_(document, text, file) {}

  Result<NodeId> file() {
    SPINE_TRY_STATUS(scanner_.skip_blank());
    if (scanner_.peek() == kEnd) {
      return scanner_.error("the file holds no value; write {{}} to take every default.");
    }
    SPINE_TRY(NodeId root, value(1));
    SPINE_TRY_STATUS(scanner_.skip_blank());
    if (scanner_.peek() != kEnd) {
      return scanner_.error("expected the end of the file, found {}; one file holds one value.",
                            scanner_.found());
    }
    return root;
  }

 private:
  // REQUIRES: blanks are skipped.
  Result<NodeId> value(std::uint32_t depth) {
    if (depth > limits::kConfigDepthMax) {
      return scanner_.error("values are nested deeper than {} levels; flatten them.",
                            limits::kConfigDepthMax);
    }
    Node node{.place = scanner_.place(), .source_begin = scanner_.offset()};
    const char32_t c = scanner_.peek();
    std::vector<NodeId> children;
    if (c == '{' || c == '[') {
      node.kind = c == '{' ? Kind::object : Kind::array;
      SPINE_TRY_STATUS(items(node.kind, depth, children));
    } else {
      SPINE_TRY_STATUS(scalar(node));
    }
    node.source_end = scanner_.offset();
    const NodeId id = document_.add_node(node);
    if (id == 0) {
      return scanner_.error_at(node.place, "more than {} values; make the file smaller.",
                               limits::kConfigValuesMax);
    }
    document_.set_children(id, children);
    return id;
  }

  Status scalar(Node& node) {
    const char32_t c = scanner_.peek();
    std::string text;
    if (c == '"' || c == '\'') {
      node.kind = Kind::string;
      SPINE_TRY_STATUS(scanner_.scan_string(text));
    } else if (starts_number(c)) {
      node.kind = Kind::number;
      SPINE_TRY_STATUS(scanner_.scan_number(text));
    } else if (starts_name(c)) {
      return word(node);
    } else {
      return scanner_.error("expected a value, found {}.", scanner_.found());
    }
    return keep(text, node.text);
  }

  Status word(Node& node) {
    std::string name;
    SPINE_TRY_STATUS(scanner_.scan_name(name));
    if (name == "null") {
      node.kind = Kind::null;
    } else if (name == "true" || name == "false") {
      node.kind = Kind::boolean;
      node.boolean = name == "true";
    } else if (name == "Infinity" || name == "NaN") {
      return scanner_.error_at(node.place, "no setting can be Infinity or NaN; write a number.");
    } else {
      // Any other word may be a secret whose quotes were forgotten.
      // But for what stands for a value in other languages, and so is taken for one here.
      constexpr std::array<std::string_view, 17> kLiterals{
          "yes",  "no",   "on",    "off",   "Yes", "No",  "On",        "Off", "True",
          "TRUE", "None", "False", "FALSE", "nil", "nan", "undefined", "NULL"};
      const bool literal = std::ranges::find(kLiterals, name) != kLiterals.end();
      return scanner_.error_at(node.place, "expected a value, found {}; put text in quotes.",
                               literal ? "the word " + name : "a word without quotes");
    }
    return ok();
  }

  // The members of an object, or the elements of a list.
  Status items(Kind kind, std::uint32_t depth, std::vector<NodeId>& out) {
    const bool object = kind == Kind::object;
    const char close = object ? '}' : ']';
    const Place start = scanner_.place();
    scanner_.skip();
    while (true) {
      SPINE_TRY_STATUS(scanner_.skip_blank());
      if (scanner_.skip_if(close)) break;
      SPINE_TRY(NodeId item, object ? member(start, depth) : value(depth + 1));
      out.push_back(item);
      SPINE_TRY_STATUS(scanner_.skip_blank());
      if (scanner_.skip_if(close)) break;
      if (scanner_.skip_if(',')) continue;
      return expected(object ? "',' or '}'" : "',' or ']'", kind, start);
    }
    return object ? check_unique(out) : ok();
  }

  Result<NodeId> member(Place start, std::uint32_t depth) {
    const Place key_place = scanner_.place();
    const char32_t c = scanner_.peek();
    std::string name;
    if (c == '"' || c == '\'') {
      SPINE_TRY_STATUS(scanner_.scan_string(name));
    } else if (starts_name(c)) {
      SPINE_TRY_STATUS(scanner_.scan_name(name));
    } else {
      return expected("a key or '}'", Kind::object, start).error();
    }
    Text key{};
    SPINE_TRY_STATUS(keep(name, key));
    SPINE_TRY_STATUS(scanner_.skip_blank());
    if (!scanner_.skip_if(':')) {
      return scanner_.error(
          "expected ':' after the key {}, found {}; a key with other characters than letters, "
          "digits, _ and $ needs quotes.",
          printable(shortened(name, kNameShown)), scanner_.found());
    }
    SPINE_TRY_STATUS(scanner_.skip_blank());
    SPINE_TRY(NodeId id, value(depth + 1));
    document_.mutable_node(id).key = key;
    document_.mutable_node(id).key_place = key_place;
    return id;
  }

  // Sorted, so that an object with very many members costs no more than its sorting.
  Status check_unique(std::vector<NodeId> members) const {
    std::ranges::stable_sort(members, {}, [&](NodeId id) { return document_.key(id); });
    const auto twice =
        std::ranges::adjacent_find(members, {}, [&](NodeId id) { return document_.key(id); });
    if (twice == members.end()) return ok();
    return scanner_.error_at(document_[*(twice + 1)].key_place,
                             "the key {} stands twice in this object, first on line {}; keep one.",
                             printable(shortened(document_.key(*twice), kNameShown)),
                             document_[*twice].key_place.line);
  }

  Status expected(std::string_view what, Kind kind, Place start) const {
    const bool object = kind == Kind::object;
    const std::string_view container = object ? "object" : "list";
    if (scanner_.peek() == kEnd) {
      return scanner_.error(
          "expected {}, found the end of the file; the {} that '{}' opened on line {} is not "
          "closed.",
          what, container, object ? '{' : '[', start.line);
    }
    return scanner_.error("expected {} in this {}, found {}.", what, container, scanner_.found());
  }

  Status keep(std::string_view text, Text& out) {
    if (document_.add_text(text, out)) return ok();
    return scanner_.error("the configuration holds too much text; make it smaller.");
  }

  Document& document_;
  Scanner scanner_;
};

}  // namespace

std::string_view kind_name(Kind kind) {
  constexpr std::array<std::string_view, 6> kNames{"null",     "true or false", "a number",
                                                   "a string", "a list",        "an object"};
  return kNames[static_cast<std::size_t>(kind)];
}

NodeId Document::find(NodeId object, std::string_view name) const {
  for (NodeId id = nodes_[object].first_child; id != 0; id = nodes_[id].next) {
    if (key(id) == name) return id;
  }
  return 0;
}

std::vector<NodeId> Document::children(NodeId parent) const {
  std::vector<NodeId> found;
  for (NodeId id = nodes_[parent].first_child; id != 0; id = nodes_[id].next)
    found.push_back(id);
  return found;
}

std::string Document::where(Place place) const {
  return fmt::format("{}:{}:{}", files_[place.file], place.line, place.column);
}

NodeId Document::add_node(const Node& node) {
  if (nodes_.size() > limits::kConfigValuesMax) return 0;
  nodes_.push_back(node);
  return static_cast<NodeId>(nodes_.size() - 1);
}

bool Document::add_text(std::string_view text, Text& out) {
  if (pool_.size() + text.size() > limits::kConfigTextBytesMax) return false;
  out = {static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(text.size())};
  pool_ += text;
  return true;
}

std::uint16_t Document::add_file(std::string name) {
  files_.push_back(std::move(name));
  return static_cast<std::uint16_t>(files_.size() - 1);
}

void Document::set_children(NodeId parent, std::span<const NodeId> children) {
  NodeId after = 0;
  for (auto it = children.rbegin(); it != children.rend(); ++it) {
    nodes_[*it].next = after;
    after = *it;
  }
  nodes_[parent].first_child = after;
}

std::string to_json(const Document& document, NodeId value, Hide hide, Hidden hidden) {
  Writer writer(document, hide, false);
  writer.value(value, hidden);
  return writer.take();
}

std::string to_pretty_json(const Document& document, NodeId value, Hide hide) {
  Writer writer(document, hide, true);
  writer.value(value, Hidden::nothing);
  return writer.take() + "\n";
}

Result<NodeId> parse_json5(Document& document, std::string_view text, std::string_view file_name) {
  const std::uint16_t file = document.add_file(printable(file_name));
  if (text.size() > limits::kConfigBytesMax) {
    return Error{Errc::invalid_argument,
                 fmt::format("{}: the file has {} bytes, and {} are the most; make it smaller.",
                             document.file_name(file), text.size(), limits::kConfigBytesMax)};
  }
  SPINE_TRY_STATUS(Scanner(document, text, file).check_utf8());
  return Parser(document, text, file).file();
}

}  // namespace spine::config
