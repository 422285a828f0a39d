// parse_json5: a recursive descent over the values, bounded in bytes, depth and count.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "engine/config/json5.h"
#include "engine/config/json5_scanner.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::config {
namespace {

constexpr std::size_t kNameShown = 60;  // bytes of a key, in messages

class Parser {
 public:
  Parser(Document& document, std::string_view text, std::uint16_t file)
      : document_(document), scanner_(document, text, file) {}

  Result<NodeId> file() {
    SPINE_TRY_STATUS(scanner_.skip_blank());
    if (scanner_.peek() == Scanner::kEnd) {
      return scanner_.error("the file holds no value; write {} to take every default.");
    }
    SPINE_TRY(NodeId root, value(1));
    SPINE_TRY_STATUS(scanner_.skip_blank());
    if (scanner_.peek() != Scanner::kEnd) {
      return scanner_.error(
          fmt::format("expected the end of the file, found {}; one file holds "
                      "one value.",
                      scanner_.found()));
    }
    return root;
  }

 private:
  // REQUIRES: blanks are skipped.
  Result<NodeId> value(std::uint32_t depth) {
    if (depth > limits::kConfigDepthMax) {
      return scanner_.error(fmt::format("values are nested deeper than {} levels; flatten them.",
                                        limits::kConfigDepthMax));
    }
    Node node{.place = scanner_.place(), .source_begin = scanner_.offset()};
    const char32_t c = scanner_.peek();
    std::vector<NodeId> children;
    if (c == '{') {
      node.kind = Kind::object;
      SPINE_TRY_STATUS(members(depth, children));
    } else if (c == '[') {
      node.kind = Kind::array;
      SPINE_TRY_STATUS(elements(depth, children));
    } else {
      SPINE_TRY_STATUS(scalar(node));
    }
    node.source_end = scanner_.offset();
    const NodeId id = document_.add_node(node);
    if (id == 0) {
      return scanner_.error_at(
          node.place,
          fmt::format("more than {} values; make the file smaller.", limits::kConfigValuesMax));
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
    } else if (Scanner::starts_number(c)) {
      node.kind = Kind::number;
      SPINE_TRY_STATUS(scanner_.scan_number(text));
    } else if (Scanner::starts_name(c)) {
      return word(node);
    } else {
      return scanner_.error(fmt::format("expected a value, found {}.", scanner_.found()));
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
      return scanner_.error_at(
          node.place,
          fmt::format("expected a value, found {}; put text in quotes.",
                      is_literal_elsewhere(name) ? "the word " + name : "a word without quotes"));
    }
    return ok();
  }

  // What stands for a value in other languages, and so is taken for one here.
  static bool is_literal_elsewhere(std::string_view name) {
    constexpr std::array<std::string_view, 17> kLiterals{
        "yes",  "no",   "on",    "off",   "Yes", "No",  "On",        "Off", "True",
        "TRUE", "None", "False", "FALSE", "nil", "nan", "undefined", "NULL"};
    return std::ranges::find(kLiterals, name) != kLiterals.end();
  }

  Status members(std::uint32_t depth, std::vector<NodeId>& out) {
    const Place start = scanner_.place();
    scanner_.skip();
    while (true) {
      SPINE_TRY_STATUS(scanner_.skip_blank());
      if (scanner_.skip_if('}')) break;
      SPINE_TRY(NodeId member, this->member(start, depth));
      out.push_back(member);
      SPINE_TRY_STATUS(scanner_.skip_blank());
      if (scanner_.skip_if('}')) break;
      if (!scanner_.skip_if(',')) return expected("',' or '}'", "object", '{', start);
    }
    return check_unique(out);
  }

  Result<NodeId> member(Place start, std::uint32_t depth) {
    const Place key_place = scanner_.place();
    const char32_t c = scanner_.peek();
    std::string name;
    if (c == '"' || c == '\'') {
      SPINE_TRY_STATUS(scanner_.scan_string(name));
    } else if (Scanner::starts_name(c)) {
      SPINE_TRY_STATUS(scanner_.scan_name(name));
    } else {
      return expected("a key or '}'", "object", '{', start).error();
    }
    Text key{};
    SPINE_TRY_STATUS(keep(name, key));
    SPINE_TRY_STATUS(scanner_.skip_blank());
    if (!scanner_.skip_if(':')) {
      return scanner_.error(
          fmt::format("expected ':' after the key {}, found {}; a key with "
                      "other characters than letters, digits, _ and $ needs "
                      "quotes.",
                      printable(shortened(name, kNameShown)), scanner_.found()));
    }
    SPINE_TRY_STATUS(scanner_.skip_blank());
    SPINE_TRY(NodeId id, value(depth + 1));
    document_.mutable_node(id).key = key;
    document_.mutable_node(id).key_place = key_place;
    return id;
  }

  Status elements(std::uint32_t depth, std::vector<NodeId>& out) {
    const Place start = scanner_.place();
    scanner_.skip();
    while (true) {
      SPINE_TRY_STATUS(scanner_.skip_blank());
      if (scanner_.skip_if(']')) return ok();
      SPINE_TRY(NodeId element, value(depth + 1));
      out.push_back(element);
      SPINE_TRY_STATUS(scanner_.skip_blank());
      if (scanner_.skip_if(']')) return ok();
      if (!scanner_.skip_if(',')) return expected("',' or ']'", "list", '[', start);
    }
  }

  // Sorted, so that an object with very many members costs no more than its sorting.
  Status check_unique(std::vector<NodeId> members) const {
    std::ranges::stable_sort(members, {}, [&](NodeId id) { return document_.key(id); });
    const auto twice =
        std::ranges::adjacent_find(members, {}, [&](NodeId id) { return document_.key(id); });
    if (twice == members.end()) return ok();
    return scanner_.error_at(document_[*(twice + 1)].key_place,
                             fmt::format("the key {} stands twice in this object, first on line "
                                         "{}; keep one.",
                                         printable(shortened(document_.key(*twice), kNameShown)),
                                         document_[*twice].key_place.line));
  }

  Status expected(std::string_view what, std::string_view container, char open, Place start) const {
    if (scanner_.peek() == Scanner::kEnd) {
      return scanner_.error(
          fmt::format("expected {}, found the end of the file; the {} that '{}' "
                      "opened on line {} is not closed.",
                      what, container, open, start.line));
    }
    return scanner_.error(
        fmt::format("expected {} in this {}, found {}.", what, container, scanner_.found()));
  }

  Status keep(std::string_view text, Text& out) {
    if (document_.add_text(text, out)) return ok();
    return scanner_.error("the configuration holds too much text; make it smaller.");
  }

  Document& document_;
  Scanner scanner_;
};

Status check_utf8(const Document& document, std::string_view text, std::uint16_t file) {
  Place place{.file = file};
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.bytes == 0) {
      return Error{Errc::invalid_argument,
                   fmt::format("{}: the byte 0x{:02x} is not UTF-8 here; save the file as UTF-8.",
                               document.where(place), static_cast<unsigned char>(text[at]))};
    }
    at += point.bytes;
    const bool crlf = point.value == '\r' && at < text.size() && text[at] == '\n';
    if (point.value == '\n' || (point.value == '\r' && !crlf)) {
      ++place.line;
      place.column = 1;
    } else {
      ++place.column;
    }
  }
  return ok();
}

}  // namespace

Result<NodeId> parse_json5(Document& document, std::string_view text, std::string_view file_name) {
  const std::uint16_t file = document.add_file(printable(file_name));
  if (text.size() > limits::kConfigBytesMax) {
    return Error{Errc::invalid_argument,
                 fmt::format("{}: the file has {} bytes, and {} are the most; make it smaller.",
                             document.file_name(file), text.size(), limits::kConfigBytesMax)};
  }
  SPINE_TRY_STATUS(check_utf8(document, text, file));
  return Parser(document, text, file).file();
}

}  // namespace spine::config
