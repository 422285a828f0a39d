// Document: the values of one or more JSON5 files as a compact tree that knows where each one
// stood. The language is JSON5 1.0.0 (https://spec.json5.org), less Infinity, NaN and NUL
// characters, which no setting can mean.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine::config {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

// "a string", "an object", ... for sentences. Static storage.
std::string_view kind_name(Kind kind);

// Names a value of a Document. 0 = none.
using NodeId = std::uint32_t;

// Line and column count from 1; columns count code points.
struct Place {
  std::uint16_t file{};
  std::uint32_t line{1};
  std::uint32_t column{1};
};

// A range of the document's pool of texts.
struct Text {
  std::uint32_t begin{};
  std::uint32_t bytes{};
};

struct Node {
  Kind kind{};
  bool boolean{};
  Place place{};      // of the value
  Place key_place{};  // of its key, when it is a member of an object
  Text key{};
  Text text{};     // string: its value; number: strict JSON, digit for digit as written
  Text written{};  // string: its value before ${VAR} was filled in; empty = none was
  NodeId first_child{};
  NodeId next{};  // the next member or element
  std::uint32_t source_begin{};
  std::uint32_t source_end{};  // bytes of the value in its file
};

// Thread: one at a time.
class Document {
 public:
  Document() { nodes_.emplace_back(); }

  const Node& operator[](NodeId id) const { return nodes_[id]; }
  Kind kind(NodeId id) const { return nodes_[id].kind; }
  NodeId first_child(NodeId id) const { return nodes_[id].first_child; }
  NodeId next(NodeId id) const { return nodes_[id].next; }
  std::string_view key(NodeId id) const { return view(nodes_[id].key); }
  // A string's value, or a number as strict JSON. Borrowed until the document changes.
  std::string_view text(NodeId id) const { return view(nodes_[id].text); }

  // The member of that name, or 0. REQUIRES: object is 0 or an object.
  NodeId find(NodeId object, std::string_view key) const;
  std::vector<NodeId> children(NodeId parent) const;

  // "file:line:column", of a place or of where a value stands.
  std::string where(Place place) const;
  std::string where(NodeId id) const { return where(nodes_[id].place); }
  const std::string& file_name(std::uint16_t file) const { return files_[file]; }

  // The text to show to people: what the environment put into it stays as ${VAR}. Borrowed.
  std::string_view shown_text(NodeId id) const {
    return nodes_[id].written.bytes != 0 ? view(nodes_[id].written) : text(id);
  }

  // For those who build or change a document. add_node gives 0 when there are too many values,
  // add_text false when there is too much text (limits.h).
  NodeId add_node(const Node& node);
  Node& mutable_node(NodeId id) { return nodes_[id]; }
  bool add_text(std::string_view text, Text& out);
  std::uint16_t add_file(std::string name);
  void set_children(NodeId parent, std::span<const NodeId> children);

 private:
  std::string_view view(Text text) const { return {pool_.data() + text.begin, text.bytes}; }

  std::vector<Node> nodes_{};
  std::string pool_{};
  std::vector<std::string> files_{};
};

// The members of an object, found by name in a time that does not grow with their number.
// Borrows the document's texts: it must not grow meanwhile.
class Members {
 public:
  // Of what is no object, or 0, there are none.
  Members(const Document& document, NodeId object) {
    if (object == 0 || document.kind(object) != Kind::object) return;
    for (NodeId m = document.first_child(object); m != 0; m = document.next(m))
      sorted_.emplace_back(document.key(m), m);
    std::ranges::sort(sorted_);
  }

  using Entry = std::pair<std::string_view, NodeId>;
  // By their names.
  const std::vector<Entry>& sorted() const { return sorted_; }
  // 0 when there is none of that name.
  NodeId find(std::string_view key) const {
    const auto it = std::ranges::lower_bound(sorted_, key, {}, &Entry::first);
    return it == sorted_.end() || it->first != key ? 0 : it->second;
  }

 private:
  std::vector<Entry> sorted_{};
};

// Reads one file's text into `document`; gives its value. `file_name` is for messages. Bounds:
// kConfigBytesMax, kConfigDepthMax, kConfigValuesMax. Errors, all invalid_argument:
// "file:line:column: what is wrong; what to do."
Result<NodeId> parse_json5(Document& document, std::string_view text, std::string_view file_name);

// What of a member's value, and of all inside it, must not be shown.
enum class Hidden : std::uint8_t { nothing, texts, everything };
inline Hidden more_hidden(Hidden a, Hidden b) {
  return a < b ? b : a;
}

// Says it of one member. `path` holds the keys from the root, outermost first.
using Hide = Hidden (*)(std::span<const std::string_view> path);
inline constexpr std::string_view kRedacted = "__OPENCLAW_REDACTED__";

// The value as strict JSON on one line, what the environment put into it as ${VAR}. With `hide`,
// the strings, or strings, numbers and booleans, that it points at become kRedacted, and so do
// the secrets in the URLs that stay. `hidden` is what is known of the value itself.
std::string to_json(const Document& document, NodeId value, Hide hide = nullptr,
                    Hidden hidden = Hidden::nothing);
// The same on several lines, two spaces a level, with a line end.
std::string to_pretty_json(const Document& document, NodeId value, Hide hide = nullptr);

}  // namespace spine::config
