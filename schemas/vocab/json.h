// JsonWriter: appends JSON text to a string, escaping what needs it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>

namespace spine {

// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters are
// escaped, bytes that are no UTF-8 become U+FFFD. Allocates only when `out` has to grow.
void append_escaped(std::string& out, std::string_view text);

// Appends `text` as a JSON string with its quotes, safe on a terminal: characters that it acts on
// become \uXXXX, too.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);
// JSON text of others, made safe likewise. In valid JSON such characters can only stand inside
// strings, so the meaning stays.
std::string json_for_terminal(std::string_view json);

// The longest start of `text` that takes at most `bytes_max` when escaped, without half a character
// at its end. (Escaping takes up to six bytes for one: a bound of what is sent counts those.) Looks
// at no more of it than that. Borrowed from `text`.
std::string_view cut_escaped(std::string_view text, std::size_t bytes_max);

// The name of a member. A literal is looked at by the compiler and written as it is; any other text
// is escaped. Borrowed.
class JsonKey {
 public:
  consteval JsonKey(const char* literal) : text_(literal), plain_(true) {
    for (const char c : text_)
      if (c < ' ' || c > '~' || c == '"' || c == '\\') throw "a key that has to be escaped";
  }
  template <std::convertible_to<std::string_view> Text>
  requires(!std::convertible_to<Text, const char*>) JsonKey(const Text& text)
      : text_(text), plain_(false) {}

  void append_to(std::string& out) const {
    plain_ ? void(out.append(text_)) : append_escaped(out, text_);
  }

 private:
  std::string_view text_;
  bool plain_;
};

// Writes one JSON value into a string it borrows; allocates only when that has to grow. It writes
// the commas. The caller gives members their keys and, with begin_ and end_, closes objects and
// arrays.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(JsonKey name) {
    out_.append(comma_ ? ",\"" : "\"");
    name.append_to(out_);
    out_.append("\":", 2);
    comma_ = false;
  }
  void value(std::string_view text);
  void value(const char* text) { value(std::string_view{text}); }
  void value(bool flag) { raw(flag ? "true" : "false"); }
  void value(double number);
  template <std::integral T>
  void value(T number) {
    using Wide = std::conditional_t<std::signed_integral<T>, std::int64_t, std::uint64_t>;
    append_number(static_cast<Wide>(number));
  }
  void null() { raw("null"); }
  // `json` is a whole JSON value already.
  void raw(std::string_view json);

  template <class T>
  void member(JsonKey name, T&& v) {
    key(name);
    value(std::forward<T>(v));
  }
  void member_raw(JsonKey name, std::string_view json) {
    key(name);
    raw(json);
  }
  void member_null(JsonKey name) {
    key(name);
    null();
  }
  // null when the text is empty.
  void member_or_null(JsonKey name, std::string_view text) {
    text.empty() ? member_null(name) : member(name, text);
  }
  // Nothing when the text is empty.
  void member_if(JsonKey name, std::string_view text) {
    if (!text.empty()) member(name, text);
  }

  // An object whose members `write()` writes, an array whose elements it writes.
  template <std::invocable Write>
  void object(Write write) {
    open('{');
    write();
    close('}');
  }
  template <std::invocable Write>
  void object(JsonKey name, Write write) {
    key(name);
    object(write);
  }
  template <std::invocable Write>
  void array(Write write) {
    open('[');
    write();
    close(']');
  }
  template <std::invocable Write>
  void array(JsonKey name, Write write) {
    key(name);
    array(write);
  }
  // An array of one value per row, which `write(row)` writes; of the rows themselves, without it;
  // of one object per row, whose members `write(row)` writes.
  template <class Rows, class Write>
  void array(JsonKey name, const Rows& rows, Write write) {
    array(name, [&] {
      for (const auto& row : rows)
        write(row);
    });
  }
  template <std::ranges::range Rows>
  void array(JsonKey name, const Rows& rows) {
    array(name, rows, [this](const auto& row) { this->value(row); });
  }
  template <class Rows, class Write>
  void objects(JsonKey name, const Rows& rows, Write write) {
    array(name, rows, [&](const auto& row) { object([&] { write(row); }); });
  }

  // The text so far, e.g. to measure what was written.
  std::string& out() { return out_; }

 private:
  void open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
  }
  void close(char bracket) {
    out_ += bracket;
    comma_ = true;
  }
  void separate() {
    if (comma_) out_ += ',';
  }
  template <class Number>
  void append_number(Number number);

  std::string& out_;
  bool comma_{};
};

// One object as text; `write(json)` writes its members.
template <std::invocable<JsonWriter&> Write>
std::string json_object(Write write) {
  std::string out;
  JsonWriter json{out};
  json.object([&] { write(json); });
  return out;
}

}  // namespace spine
