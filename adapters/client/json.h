// Json: a parsed JSON text, and values out of it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <simdjson.h>
#include <string>
#include <string_view>
#include <vector>

namespace spine::client {

// A value of a JSON text, or one that is absent: absent is what is not there, or is looked for in
// what is no object. Copies share the text. Thread: one.
class Json {
 public:
  Json() = default;  // absent
  // Nothing when it is not JSON.
  static std::optional<Json> parse(std::string_view text);

  bool absent() const { return owner_ == nullptr; }
  // The value under the key. Null is absent.
  Json at(std::string_view key) const;
  // Of an array, itself or the one under the key; empty when there is none.
  std::vector<Json> items() const;
  std::vector<Json> array(std::string_view key) const { return at(key).items(); }
  // Of that array; absent when it is empty.
  Json first(std::string_view key) const;
  // What stands under the key, or what is given here when it is not of that type.
  std::string text(std::string_view key) const;
  std::int64_t number(std::string_view key) const;  // else 0
  bool flag(std::string_view key, bool otherwise = false) const;
  // Itself, when it is a text; else empty.
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
