// Counting of odd lines, up to the fault.
#include "adapters/agents/protocols/odd_lines.h"

#include <fmt/format.h>

#include "engine/core/cut_text.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {

void OddLines::note(std::string_view what, std::string_view line) {
  if (faulted_) return;
  const std::string_view start = core::cut_text(line, 160);
  if (++count_ <= limits::kAgentOddLinesMax) {
    sink_.log(fmt::format("{}: {}{}", what, start, start.size() < line.size() ? "..." : ""));
    return;
  }
  fault(fmt::format("It wrote more than {} lines that make no sense, the last one: {}: {}",
                    limits::kAgentOddLinesMax, what, start));
}

void OddLines::skip(std::string_view kind) {
  if (faulted_ || ++skipped_ <= limits::kAgentSkippedLinesMax) return;
  fault(fmt::format("It wrote more than {} lines of kinds nobody knows, the last one of \"{}\"",
                    limits::kAgentSkippedLinesMax, core::cut_text(kind, 64)));
}

void OddLines::fault(std::string_view why) {
  if (faulted_) return;
  faulted_ = true;
  sink_.fault(why);
}

}  // namespace spine::agents
