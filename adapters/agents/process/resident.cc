// resident_bytes: memory of a process with all that it started.
#include <unistd.h>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/proc.h"

namespace spine::agents {

std::uint64_t resident_bytes(const std::vector<ProcessEntry>& all, std::uint32_t pid) {
  std::uint64_t pages = 0;
  const auto root = static_cast<std::int32_t>(pid);
  for (const ProcessEntry& entry : with_descendants(all, root)) {
    pages += entry.resident_pages;
  }
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace spine::agents
