// LineMender: the objects of a line that is no JSON as it stands: terminal escapes, bytes that are
// no UTF-8, several objects in one line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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

}  // namespace spine::agents
