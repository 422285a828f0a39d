// The tree of values, and strict JSON made from it.
#include "engine/config/json5.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "schemas/vocab/limits.h"

namespace spine::config {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "true or false";
    case Kind::number:
      return "a number";
    case Kind::string:
      return "a string";
    case Kind::array:
      return "a list";
    case Kind::object:
      return "an object";
  }
  return "something else";
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

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

bool is_hidden(const Document& document, NodeId id, Hidden hidden) {
  const Kind kind = document.kind(id);
  return kind != Kind::null &&
         (hidden == Hidden::everything || (hidden == Hidden::texts && kind == Kind::string));
}

std::string without_userinfo(std::string_view text) {
  constexpr std::string_view kMark = "://";
  std::string out;
  for (std::size_t mark = text.find(kMark); mark != std::string_view::npos;
       mark = text.find(kMark)) {
    const std::size_t begin = mark + kMark.size();
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'", begin), text.size());
    const std::size_t at = text.substr(begin, end - begin).rfind('@');
    out += text.substr(0, begin);
    if (at != std::string_view::npos) out += kRedacted;
    text.remove_prefix(at == std::string_view::npos ? begin : begin + at);
  }
  return out += text;
}

namespace {

// Depth is bounded by the parser, so recursion is.
class Writer {
 public:
  Writer(const Document& document, Hide hide) : document_(document), hide_(hide) {}

  void value(NodeId id, Hidden hidden) {
    const Node& node = document_[id];
    switch (node.kind) {
      case Kind::object:
        return object(id, hidden);
      case Kind::array:
        return array(id, hidden);
      case Kind::null:
        out_ += "null";
        return;
      default:
        break;
    }
    if (is_hidden(document_, id, hidden)) return append_json_string(out_, kRedacted);
    if (node.kind == Kind::string) return string(document_.shown_text(id));
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
    append_json_string(out_, without_userinfo(text));
  }

  void object(NodeId id, Hidden hidden) {
    out_.push_back('{');
    const char* separator = "";
    for (NodeId m = document_.first_child(id); m != 0; m = document_.next(m)) {
      out_ += separator;
      separator = ",";
      append_json_string(out_, document_.key(m));
      out_.push_back(':');
      path_.push_back(document_.key(m));
      value(m, hide_ == nullptr ? hidden : more_hidden(hidden, hide_(path_)));
      path_.pop_back();
    }
    out_.push_back('}');
  }

  void array(NodeId id, Hidden hidden) {
    out_.push_back('[');
    const char* separator = "";
    for (NodeId e = document_.first_child(id); e != 0; e = document_.next(e)) {
      out_ += separator;
      separator = ",";
      value(e, hidden);
    }
    out_.push_back(']');
  }

  const Document& document_;
  Hide hide_;
  std::vector<std::string_view> path_{};
  std::string out_{};
};

}  // namespace

std::string to_json(const Document& document, NodeId value, Hide hide) {
  Writer writer(document, hide);
  writer.value(value, Hidden::nothing);
  return writer.take();
}

}  // namespace spine::config
