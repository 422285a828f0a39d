// Json: a parsed JSON text, and access to its values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spine::client {

// A value of a JSON text, or absent: a key that is missing, or looked up in a value that is no
// object. Copies share the text. Thread: one.
class Json {
 public:
  Json() = default;  // absent
  // Nothing if it is not JSON.
  static std::optional<Json> parse(std::string_view text);

  bool absent() const { return value_ == nullptr; }
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
  struct Value;  // of the library, whose header costs every file that includes it a second
  explicit Json(std::shared_ptr<const Value> value) : value_(std::move(value)) {}
  std::shared_ptr<const Value> value_{};
};

}  // namespace spine::client
