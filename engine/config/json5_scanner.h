// Scanner: the characters of a JSON5 text with their places, and its strings, numbers and names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/config/json5.h"
#include "schemas/vocab/result.h"

namespace spine::config {

// Walks over text that is known to be UTF-8. After an error it must not be used further.
// `document` and `text` must outlive it.
class Scanner {
 public:
  static constexpr char32_t kEnd = 0xffffffff;

  Scanner(const Document& document, std::string_view text, std::uint16_t file)
      : document_(document), text_(text), place_{.file = file} {}

  // The code point here, or kEnd.
  char32_t peek() const;
  // Steps over it. REQUIRES: peek() != kEnd.
  void skip();
  bool skip_if(char c);
  // Steps over white space and comments.
  Status skip_blank();

  // REQUIRES: here stands a quote.
  Status scan_string(std::string& out);
  // A number as strict JSON. REQUIRES: starts_number(peek()).
  Status scan_number(std::string& out);
  // A name without quotes, as in bare keys, true, false, null.
  Status scan_name(std::string& out);

  static bool starts_number(char32_t c);
  static bool starts_name(char32_t c);

  Place place() const { return place_; }
  std::uint32_t offset() const { return static_cast<std::uint32_t>(at_); }
  // "file:line:column: message".
  Error error_at(Place place, std::string_view message) const;
  Error error(std::string_view message) const { return error_at(place_, message); }
  // What stands here, for messages: `"x"`, or "the end of the file".
  std::string found() const;

 private:
  bool here(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  Status skip_block_comment();
  Status scan_escape(std::string& out);
  Status scan_unicode_escape(char32_t& out);
  Status scan_hex(int digits, char32_t& out);
  Status scan_hex_number(bool negative, std::string& out);
  std::string scan_digits();
  Status end_number();

  const Document& document_;
  std::string_view text_;
  std::size_t at_{};
  Place place_{};
};

}  // namespace spine::config
