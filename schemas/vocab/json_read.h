// JSON as simdjson reads it: with its memory bounded and kept, and values that may not be there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace spine {

// A text with the padding simdjson reads beyond the end. Reused; a large one is freed with the next
// one.
class PaddedText {
 public:
  void assign(std::string_view text);
  std::string_view text() const { return {bytes_.get(), size_}; }
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<char[]> bytes_{};
  std::size_t size_{};
  std::size_t capacity_{};
};

// Keeps its memory from one text to the next, unless a text was very long. Strict: one value,
// nothing after it, nesting up to limits::kJsonDepthMax, valid UTF-8, and no more values than
// limits::kJsonSeparatorsMax, which bounds the memory that a parsed text takes.
class JsonParser {
 public:
  enum class Fault : std::uint8_t { none, too_many_values, too_large, not_json };
  // `root` is borrowed from the parser and from `text` until the next one.
  Fault parse(const PaddedText& text, simdjson::dom::element& root);
  static bool too_many_values(std::string_view text);

 private:
  simdjson::dom::parser parser_{};
};

// A value that may not be there. Looking into what is not there, or is of another type, gives
// nothing. Borrowed from the parser that read it, until it reads again.
class JsonNode {
 public:
  JsonNode() = default;
  explicit JsonNode(simdjson::dom::element element) : element_(element) {}

  bool there() const { return element_.has_value(); }
  bool is_object() const { return there() && element_->is_object(); }
  bool is_array() const { return there() && element_->is_array(); }
  bool is_text() const { return there() && element_->is_string(); }
  JsonNode operator[](std::string_view key) const;
  // The text under the key, or the node's own; empty when there is none.
  std::string_view text(std::string_view key) const { return (*this)[key].text(); }
  std::string_view text() const;
  // Zero when it is no number, or negative.
  std::uint64_t number(std::string_view key) const;
  bool flag(std::string_view key) const;
  // An id that Spine gave out, as a number or as its text: some programs turn one into the other.
  // Zero when it is neither.
  std::uint64_t our_id() const;
  // An id of the other side: the text, or the number as text; empty when there is none.
  std::string their_id(std::string_view key) const;
  // Its JSON, without white space; empty when there is none.
  std::string json() const;
  template <class Visit>
  void each(Visit&& visit) const {
    simdjson::dom::array items;
    if (!there() || element_->get(items) != simdjson::SUCCESS) return;
    for (const simdjson::dom::element item : items)
      visit(JsonNode{item});
  }

 private:
  std::optional<simdjson::dom::element> element_{};
};

}  // namespace spine
