// The tail of stderr, and how the count of lines left out is said.
#include "adapters/agents/process/error_lines.h"

#include <fmt/format.h>
#include <utility>

namespace spine::agents {

void ErrorLines::remember(std::string_view bytes) {
  constexpr std::size_t kKept = limits::kAgentErrorTailBytes;
  if (bytes.size() > kKept) bytes.remove_prefix(bytes.size() - kKept);
  if (tail_.size() + bytes.size() > kKept) tail_.erase(0, tail_.size() + bytes.size() - kKept);
  tail_.append(bytes);
}

std::string ErrorLines::take_dropped() {
  return fmt::format("({} lines of its error output were left out)",
                     std::exchange(dropped_, std::uint64_t{0}));
}

}  // namespace spine::agents
