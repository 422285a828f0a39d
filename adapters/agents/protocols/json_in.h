// JsonIn: reads one line of an agent's output; JsonNode: a value of it that may not be there.
#pragma once

#include <cstdint>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace spine::agents {

// Looking into what is not there, or is of another type, gives nothing. Borrowed from the JsonIn
// that read it, until it reads again.
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

// Keeps its memory from one line to the next, unless a line was very long.
class JsonIn {
 public:
  // What the line holds, or nothing: no JSON, no object, deeper than limits::kJsonDepthMax or with
  // more values than limits::kJsonSeparatorsMax. Halves of surrogate pairs, which programs write
  // that cut texts anywhere, become U+FFFD.
  JsonNode read_object(std::string_view line);

 private:
  JsonNode parse(std::string_view line);

  simdjson::dom::parser parser_{};
  std::string padded_{};
};

// The texts of content parts {"type":"text","text":...}, in order, without anything between; of a
// string, itself.
std::string joined_text(const JsonNode& content);

}  // namespace spine::agents
