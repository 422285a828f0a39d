// JsonIn: reads one line of an agent's output.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/agents/protocols/line_mender.h"
#include "schemas/vocab/json_read.h"

namespace spine::agents {

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
