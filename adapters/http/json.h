// JsonWriter: appends JSON text to a string, escaping what needs it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace spine::http {

// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters are
// escaped, bytes that are no UTF-8 become U+FFFD. Allocates only when `out` has to grow.
void append_escaped(std::string& out, std::string_view text);

// Bytes that append_escaped() would append: up to six times those of the text, so a bound of what
// is sent counts these.
std::size_t escaped_bytes(std::string_view text);
// The longest start of `text` that takes at most `bytes_max` when escaped, without half a character
// at its end. Looks at no more of it than that. Borrowed from `text`.
std::string_view cut_escaped(std::string_view text, std::size_t bytes_max);

// Writes one JSON value into a string it borrows. Commas are its business; that objects and arrays
// are closed, and that members have keys, is the caller's. Keys are literals of ours, never
// escaped.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name);
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view{text}); }
  void value(bool flag) { raw(flag ? "true" : "false"); }
  void value(double number);
  template <std::integral T>
  void value(T number) {
    if constexpr (std::signed_integral<T>) {
      integer(static_cast<std::int64_t>(number));
    } else {
      natural(static_cast<std::uint64_t>(number));
    }
  }
  void null() { raw("null"); }
  // `json` is a whole JSON value already.
  void raw(std::string_view json);

  template <class T>
  void member(std::string_view name, T&& v) {
    key(name);
    value(std::forward<T>(v));
  }
  void member_raw(std::string_view name, std::string_view json) {
    key(name);
    raw(json);
  }
  void member_null(std::string_view name) {
    key(name);
    null();
  }
  // Nothing when the text is empty.
  void member_if(std::string_view name, std::string_view text) {
    if (!text.empty()) member(name, text);
  }

  // For texts made of pieces: the writer takes what was appended to it meanwhile as one value.
  std::string& out() { return out_; }

 private:
  void open(char bracket);
  void close(char bracket);
  void separate();
  void integer(std::int64_t number);
  void natural(std::uint64_t number);

  std::string& out_;
  bool comma_{};
};

}  // namespace spine::http
