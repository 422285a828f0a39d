// json_read: values out of parsed JSON, with what to take when they are not there.
#pragma once

#include <cstdint>
#include <simdjson.h>
#include <string>
#include <string_view>

namespace spine::cli {

inline std::string text_at(const simdjson::dom::element& object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

inline std::int64_t number_at(const simdjson::dom::element& object, std::string_view key) {
  std::int64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}

inline bool flag_at(const simdjson::dom::element& object, std::string_view key) {
  bool flag = false;
  return object[key].get(flag) == simdjson::SUCCESS && flag;
}

// The array under `key`, or an empty one.
inline simdjson::dom::array array_at(const simdjson::dom::element& object, std::string_view key) {
  // A default-made array is no empty one: it may not be iterated over.
  static simdjson::dom::parser parser;
  static const simdjson::dom::array empty = parser.parse(std::string_view{"[]"}).get_array();
  simdjson::dom::array array;
  return object[key].get(array) == simdjson::SUCCESS ? array : empty;
}

}  // namespace spine::cli
