// Back-off: how long a process that crashed stays down.
#include <algorithm>

#include "adapters/agents/process/launch.h"

namespace spine::agents {

std::uint64_t back_off_ms(std::uint32_t base_ms, std::uint32_t crashes, std::uint64_t random) {
  constexpr std::uint64_t kLongestMs = 60'000;
  const std::uint32_t doublings = std::min<std::uint32_t>(crashes == 0 ? 0 : crashes - 1, 16);
  const std::uint64_t delay = std::min(std::uint64_t{base_ms} << doublings, kLongestMs);
  const std::uint64_t spread = delay * 2 / 5;  // a fifth to either side
  return delay - delay / 5 + (spread == 0 ? 0 : random % (spread + 1));
}

}  // namespace spine::agents
