// Reads lines, and counts odd ones up to the fault.
#include "adapters/agents/protocols/line_protocol.h"

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
    host_.log(last_);
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
  host_.log(fmt::format("passed over, for nobody knows what it means: {}", name));
}

void OddLines::mended(std::string_view line) {
  if (faulted_ || mended_++ != 0) return;
  host_.log(
      fmt::format("a line had to be repaired before it could be read: {}", cut_text(line, 160)));
}

void OddLines::fault(std::string_view why) {
  if (faulted_) return;
  if (before_fault_) before_fault_();
  faulted_ = true;
  host_.fault(why);
}

void LineProtocol::line(std::string_view text) {
  if (odd_.faulted() || text.empty() || !listens()) return;
  const LineRead read = in_.read(text, [this, text](const JsonNode& message) {
    if (!odd_.faulted() && listens()) on_message(message, text);
  });
  if (!listens()) return;
  if (read == LineRead::mended) odd_.mended(text);
  if (read == LineRead::unreadable) on_unreadable(text);
}

std::vector<std::string> LineProtocol::plain_command(std::string_view command) const {
  std::vector<std::string> line{std::string(command)};
  line.insert(line.end(), profile_.args.begin(), profile_.args.end());
  return line;
}

}  // namespace spine::agents
