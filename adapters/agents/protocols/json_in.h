// JsonIn: parses one line of an agent's output; LineMender: extracts the objects of a line that is
// not plain JSON: terminal escapes, invalid UTF-8, several objects in one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/json_read.h"

namespace spine::agents {

// Partial characters at the ends of an object's texts, from programs that split texts anywhere. As
// bytes; half of a surrogate pair is encoded as if it were a code point.
struct SplitCharacter {
  std::string head{};  // a text begins with these; U+FFFD stands for them
  std::string tail{};  // a text ends with these; U+FFFD stands for them
};

// Yields the objects one by one, repaired as far as possible without guessing. The result need not
// be valid JSON: the parser checks that.
class LineMender {
 public:
  // `line` is borrowed until the end.
  explicit LineMender(std::string_view line) : line_(line) {}

  // False: there is no further object.
  bool next();
  const std::string& object() const { return object_; }
  const SplitCharacter& split() const { return split_; }
  // Other words precede it in the line: it may be a quotation, as in a log.
  bool quoted() const { return quoted_; }
  // An object begins in the line but does not end.
  bool cut_off() const { return cut_off_; }
  // The line has visible text outside of all objects.
  bool has_noise() const { return noise_; }

 private:
  bool find_start();
  bool copy_object();
  void copy_string();
  void copy_escape();
  void copy_unit(std::uint32_t unit);
  void copy_beyond_ascii();
  bool skip_invisible();
  void note_noise(char c);

  std::string_view line_;
  std::size_t at_{};
  std::size_t text_start_{};  // in object_: where the present string begins
  std::string object_{};
  SplitCharacter split_{};
  bool words_{};
  bool noise_{};
  bool quoted_{};
  bool cut_off_{};
};

// Joins characters that were split between two pieces of an answer.
class JoinedPieces {
 public:
  // The piece as it is to be shown: a partial character at its end is held back for the next piece.
  // `split`: of the piece's line. Borrowed until the next call, or from `piece`.
  std::string_view add(std::string_view piece, const SplitCharacter& split);
  // The text is complete: U+FFFD if a partial character is held back, else empty.
  std::string_view rest();

 private:
  std::string held_{};
  std::string joined_{};
};

enum class LineRead : std::uint8_t {
  whole,       // one valid object
  mended,      // one or more objects, after something was repaired or dropped
  blank,       // nothing visible
  unreadable,  // the line or a part of it could not be read
};

// Reuses its buffers from line to line, unless a line was very long.
class JsonIn {
 public:
  // Calls visit(const JsonNode&) for each readable object of the line. All repairs are done here:
  // noise around objects (terminal escapes, a byte order mark, NUL), invalid bytes and escapes. The
  // bounds are JsonParser's, for a line and for each object.
  template <class Visit>
  LineRead read(std::string_view line, Visit&& visit) {
    if (is_copy(line)) return LineRead::blank;
    if (JsonParser::too_many_values(line)) return LineRead::unreadable;
    split_ = {};
    if (const JsonNode node = parse(line); node.is_object()) {
      visit(node);
      return LineRead::whole;
    }
    LineMender mender(line);
    bool any = false;
    bool lost = false;
    while (mender.next()) {
      if (mender.quoted() && !after_quote_ && mender.object() == previous_.text()) continue;
      split_ = mender.split();
      const JsonNode node = parse(mender.object());
      if (mender.quoted()) quoted_ = mender.object();
      any = any || node.is_object();
      lost = lost || !node.is_object();
      if (node.is_object()) visit(node);
    }
    if (lost || mender.cut_off() || (!any && mender.has_noise())) return LineRead::unreadable;
    return any ? LineRead::mended : LineRead::blank;
  }
  // The line's object, if it holds exactly one.
  JsonNode read_object(std::string_view line);
  // Partial characters of the object that was read last.
  const SplitCharacter& split() const { return split_; }

 private:
  JsonNode parse(std::string_view line);
  // Whether the line repeats a message quoted in a log line just before: it is read only once.
  bool is_copy(std::string_view line);

  JsonParser parser_{};
  PaddedText padded_{};
  PaddedText previous_{};  // the text that was parsed before
  std::string quoted_{};   // an object that followed other words in its line
  bool after_quote_{};     // the previous line had a quoted object
  SplitCharacter split_{};
};

// Whether an unreadable line contains `"key": value`, with the value as number or as text.
bool names_value(std::string_view line, std::string_view key, std::string_view value);

// The first "id" in an unreadable line, as JSON: a number or a text; empty = there is none.
std::string id_in(std::string_view line);

// The texts of content parts {"type":"text","text":...}, concatenated in order; a string is
// returned as it is.
std::string joined_text(const JsonNode& content);

}  // namespace spine::agents
