// The tree of values, and strict JSON made from it.
#include "engine/config/json5.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "engine/config/redact.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

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

bool is_hidden(const Document& document, NodeId id, Hidden hidden) {
  const Kind kind = document.kind(id);
  return kind != Kind::null &&
         (hidden == Hidden::everything || (hidden == Hidden::texts && kind == Kind::string));
}

namespace {

// Appends the query of a URL, "?a=b&token=c", with kRedacted for the values of secrets.
void append_query(std::string& out, std::string_view query) {
  while (!query.empty()) {
    out.push_back(query.front());
    query.remove_prefix(1);
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const std::string_view name = pair.substr(0, pair.find('='));
    const bool secret = name.size() + 1 < pair.size() && is_secret({&name, 1});
    out += secret ? pair.substr(0, name.size() + 1) : pair;
    if (secret) out += kRedacted;
    query.remove_prefix(end);
  }
}

constexpr std::string_view kUrlMark = "://";

std::string without_userinfo(std::string_view text) {
  std::string out;
  for (std::size_t mark = text.find(kUrlMark); mark != std::string_view::npos;
       mark = text.find(kUrlMark)) {
    const std::size_t begin = mark + kUrlMark.size();
    const std::size_t end = std::min(text.find_first_of("/?# \t\r\n\"'", begin), text.size());
    const std::size_t at = text.substr(begin, end - begin).rfind('@');
    out += text.substr(0, begin);
    if (at != std::string_view::npos) out += kRedacted;
    text.remove_prefix(at == std::string_view::npos ? begin : begin + at);
  }
  return out += text;
}

std::string without_query_secrets(std::string_view text) {
  std::string out;
  for (std::size_t mark = text.find(kUrlMark); mark != std::string_view::npos;
       mark = text.find(kUrlMark)) {
    const std::size_t end = std::min(text.find_first_of(" \t\r\n\"'", mark), text.size());
    const std::size_t query = std::min(text.find('?', mark), end);
    const std::size_t query_end = std::min(text.find('#', query), end);
    out += text.substr(0, query);
    append_query(out, text.substr(query, query_end - query));
    out += text.substr(query_end, end - query_end);
    text.remove_prefix(end);
  }
  return out += text;
}

}  // namespace

std::string without_url_secrets(std::string_view text) {
  return without_query_secrets(without_userinfo(text));
}

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

}  // namespace

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

}  // namespace spine::config
