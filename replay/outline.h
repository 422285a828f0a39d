// Outline: a chain as rows, the way it is drawn: who came of whom, quiet times, routine folded
// away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "replay/chain.h"

namespace spine::replay {

struct OutlineRow {
  enum class Kind : std::uint8_t {
    event,
    asked,  // work outside that the step asked for
    quiet,  // a time in which nothing of the chain happened; before the step
  };
  Kind kind{};
  std::size_t step{};
  std::size_t asked{};    // asked: which of the step's
  std::uint64_t ms{};     // quiet: how long
  std::size_t depth{};    // below the roots
  std::string branch{};   // lines to what is above, as text: "|  `- "
  std::size_t parent{};   // event, asked: the row of the parent; kNone = a root
  std::size_t routine{};  // event: routine events folded into this row

  static constexpr std::size_t kNone = SIZE_MAX;
};

// Nothing for this long is drawn as a gap.
inline constexpr std::uint64_t kQuietMs = 60'000;

// Rows in order of the tree: an event, what it asked for, then what came of it. `all`: routine
// events have rows, too.
std::vector<OutlineRow> outline_of(const Chain& chain, bool all);

}  // namespace spine::replay
