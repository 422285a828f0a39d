// Flow: a text on its way to pieces: what stands in it, in order, and where marks begin and end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/channels/text/text_units.h"

namespace spine::channels {

// What a mark writes. In a Markdown dialect the source has it already: there it is written only
// where a cut closes it and the next piece begins with it anew.
struct MarkText {
  std::string open{};
  std::string close{};      // a leading "\n" is left out at the start of a line
  bool keeps_space{};       // white space in it counts
  bool spans_lines = true;  // else it ends with the line and begins anew in the next
  bool quote{};
};

// One step. Its meaning by kind:
//   text     text[begin, end)
//   glue     the same, and no cut at its end: "- " of an item
//   aside    text[begin, end) that only the plain form shows: the URL of a link
//   gap      `value` line ends between blocks; none at the start of a piece
//   start    a place to cut, of quality `value`; `begin` blocks begin there
//   open     the mark of index `begin`;  close: the mark opened last
//   hold     from here on a cut is a last resort;  release: no more
struct Step {
  enum class Kind : std::uint8_t { text, glue, aside, gap, start, open, close, hold, release };
  Kind kind{};
  std::uint8_t value{};
  std::uint32_t begin{};
  std::uint32_t end{};
};

// Plain data. Every open has its close, or is open to the end; they nest.
struct Flow {
  std::string text{};
  std::vector<Step> steps{};
  std::vector<MarkText> marks{};

  void add(Step::Kind kind, std::size_t begin = 0, std::size_t end = 0, std::uint8_t value = 0) {
    steps.push_back(
        {kind, value, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  }
  void add_start(Cut cut, std::size_t blocks) {
    add(Step::Kind::start, blocks, 0, static_cast<std::uint8_t>(cut));
  }
  // All of `source` as a text without marks.
  static Flow of(std::string_view source) {
    Flow flow{.text = std::string(source)};
    flow.add(Step::Kind::text, 0, source.size());
    return flow;
  }

  void add_open(MarkText mark) {
    add(Step::Kind::open, marks.size());
    marks.push_back(std::move(mark));
  }
};

}  // namespace spine::channels
