// Counting of odd lines, up to the fault.
#include "adapters/agents/protocols/odd_lines.h"

#include <algorithm>
#include <fmt/format.h>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/utf8.h"

namespace spine::agents {

void OddLines::note(std::string_view what, std::string_view line) {
  if (faulted_) return;
  const std::string_view start = cut_text(line, 160);
  last_ = fmt::format("{}: {}{}", what, start, start.size() < line.size() ? "..." : "");
  if (++count_ <= limits::kAgentOddLinesMax) {
    sink_.log(last_);
    return;
  }
  fault(fmt::format("It wrote more than {} lines that make no sense, the last one: {}: {}",
                    limits::kAgentOddLinesMax, what, start));
}

void OddLines::skip(std::string_view kind) {
  pass_over(kind);
  if (faulted_ || ++skipped_ <= limits::kAgentSkippedLinesMax) return;
  fault(fmt::format("It wrote more than {} lines of kinds nobody knows, the last one of \"{}\"",
                    limits::kAgentSkippedLinesMax, cut_text(kind, 64)));
}

void OddLines::pass_over(std::string_view kind) {
  constexpr std::size_t kKindsMax = 16;
  const std::string_view name = cut_text(kind, 64);
  if (faulted_ || kinds_.size() >= kKindsMax || std::ranges::find(kinds_, name) != kinds_.end()) {
    return;
  }
  kinds_.emplace_back(name);
  sink_.log(fmt::format("passed over, for nobody knows what it means: {}", name));
}

void OddLines::mended(std::string_view line) {
  if (faulted_ || mended_++ != 0) return;
  sink_.log(
      fmt::format("a line had to be repaired before it could be read: {}", cut_text(line, 160)));
}

void OddLines::fault(std::string_view why) {
  if (faulted_) return;
  if (before_fault_) before_fault_();
  faulted_ = true;
  sink_.fault(why);
}

}  // namespace spine::agents
