// JsonIn: reads one line of an agent's output; LineMender: the objects of a line that is no JSON as
// it stands: terminal escapes, bytes that are no UTF-8, several objects in one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/json_read.h"

namespace spine::agents {

// Halves of one character in the texts of an object: what programs write that cut texts anywhere.
// As bytes: a half of a surrogate pair is encoded as if it were a character.
struct SplitCharacter {
  std::string head{};  // a text begins with these; U+FFFD stands for them
  std::string tail{};  // a text ends with these; U+FFFD stands for them
};

// Gives the objects one after the other, repaired as far as that can be without guessing. Whether
// they are JSON then is the parser's to say.
class LineMender {
 public:
  // `line` is borrowed until the end.
  explicit LineMender(std::string_view line) : line_(line) {}

  // False: there is no further object.
  bool next();
  const std::string& object() const { return object_; }
  const SplitCharacter& split() const { return split_; }
  // Words stand before it in the line: it may be quoted, as in a log.
  bool quoted() const { return quoted_; }
  // An object begins in the line and does not end.
  bool cut_off() const { return cut_off_; }
  // Something visible stands outside of all objects.
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

// Puts characters together again that were cut between two pieces of an answer.
class JoinedPieces {
 public:
  // The piece as it is to be shown: half a character at its end waits for the next piece. `split`:
  // of the line the piece was in. Borrowed until the next call, or from `piece`.
  std::string_view add(std::string_view piece, const SplitCharacter& split);
  // No further piece belongs to this text: U+FFFD where half a character waits, else nothing.
  std::string_view rest();

 private:
  std::string held_{};
  std::string joined_{};
};

enum class LineRead : std::uint8_t {
  whole,       // an object, as it should be
  mended,      // one or more, and something had to be repaired or left out
  blank,       // nothing that anybody would see
  unreadable,  // all or a part of it is lost
};

// Keeps its memory from one line to the next, unless a line was very long.
class JsonIn {
 public:
  // Calls visit(const JsonNode&) for each object of the line that can be read: what programs put
  // around one (terminal escapes, a byte order mark, NUL), and bytes or escapes that are no text,
  // are repaired here and nowhere else. Bounds are JsonParser's, for a line and for each object.
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
  // What the line holds if that is one object.
  JsonNode read_object(std::string_view line);
  // Of the object that was read last.
  const SplitCharacter& split() const { return split_; }

 private:
  JsonNode parse(std::string_view line);
  // A log that quotes a message stands beside the message itself: it is read once.
  bool is_copy(std::string_view line);

  JsonParser parser_{};
  PaddedText padded_{};
  PaddedText previous_{};  // what was parsed before
  std::string quoted_{};   // an object that was taken out of other words
  bool after_quote_{};     // that was so in the line before
  SplitCharacter split_{};
};

// Whether a line that cannot be read has `"key": value` in it, with the value as number or as text.
bool names_value(std::string_view line, std::string_view key, std::string_view value);

// The first id in such a line, as JSON: a number or a text; empty = there is none.
std::string id_in(std::string_view line);

// The texts of content parts {"type":"text","text":...}, in order, without anything between; of a
// string, itself.
std::string joined_text(const JsonNode& content);

}  // namespace spine::agents
