// JsonOut: one line of JSON for an agent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spine::agents {

// Appends `text` as the inside of a JSON string; bytes that are no UTF-8 become U+FFFD.
void append_json_escaped(std::string& out, std::string_view text);

// Builds one value, which is an object. Commas are its business, brackets and keys the caller's; a
// key is a literal of ours, and empty within an array.
class JsonOut {
 public:
  JsonOut() : out_("{") {}

  JsonOut& text(std::string_view key, std::string_view value);
  JsonOut& number(std::string_view key, std::uint64_t value);
  JsonOut& flag(std::string_view key, bool value);
  // `json` is a whole JSON value already.
  JsonOut& raw(std::string_view key, std::string_view json);
  JsonOut& object(std::string_view key = {}) { return open(key, '{'); }
  JsonOut& array(std::string_view key) { return open(key, '['); }
  JsonOut& end_object() { return close('}'); }
  JsonOut& end_array() { return close(']'); }
  // Closes the outermost object. Called once, at the end.
  const std::string& line();

 private:
  void name(std::string_view key);
  JsonOut& open(std::string_view key, char bracket);
  JsonOut& close(char bracket);

  std::string out_;
  bool comma_{};
};

}  // namespace spine::agents
