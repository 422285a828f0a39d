// Json: a parsed JSON text, and access to its values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace spine::client {

// A value of a JSON text, or absent: a key that is missing, or looked up in a value that is no
// object. Copies share the text. Thread: one.
class Json {
 public:
  Json() = default;  // absent
  // Nothing if it is not JSON.
  static std::optional<Json> parse(std::string_view text);

  bool absent() const { return owner_ == nullptr; }
  // The value under the key. Null is absent.
  Json at(std::string_view key) const;
  // The elements of this array; array(): of the one under the key. Empty if it is no array.
  std::vector<Json> items() const;
  std::vector<Json> array(std::string_view key) const { return at(key).items(); }
  // The first element of the array under the key; absent if it is empty.
  Json first(std::string_view key) const;
  // The value under the key; empty, 0 or `otherwise` if it is not of that type.
  std::string text(std::string_view key) const;
  std::int64_t number(std::string_view key) const;  // else 0
  bool flag(std::string_view key, bool otherwise = false) const;
  // This value if it is a text; else empty.
  std::string text() const;
  // As JSON text, without blanks; "null" when absent.
  std::string dump() const;

 private:
  Json(std::shared_ptr<simdjson::dom::parser> owner, simdjson::dom::element value)
      : owner_(std::move(owner)), value_(value) {}
  std::shared_ptr<simdjson::dom::parser> owner_{};  // holds what value_ borrows
  simdjson::dom::element value_{};
};

}  // namespace spine::client
