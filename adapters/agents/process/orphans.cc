// Orphans: agents of a gateway that was killed, found by the mark in their environment.
#include "adapters/agents/process/orphans.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fmt/format.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "adapters/agents/process/proc.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

std::string environment_of(std::int32_t pid) {
  return read_proc_file(fmt::format("/proc/{}/environ", pid));
}

bool bears(const std::string& environment, const std::string& variable) {
  const std::string whole = variable + '\0';
  if (environment.compare(0, whole.size(), whole) == 0) return true;
  return environment.find('\0' + whole) != std::string::npos;
}

// This process, its ancestors (an agent may have started it) and its descendants.
std::vector<std::int32_t> own_family(const std::vector<ProcessEntry>& all) {
  std::vector<std::int32_t> family;
  for (const ProcessEntry& entry : with_descendants(all, ::getpid()))
    family.push_back(entry.pid);
  std::int32_t above = ::getppid();
  while (above > 0 && std::ranges::find(family, above) == family.end()) {
    family.push_back(above);
    const auto entry = std::ranges::find_if(
        all, [above](const ProcessEntry& candidate) { return candidate.pid == above; });
    above = entry == all.end() ? 0 : entry->parent;
  }
  return family;
}

// Kills it if it still bears the mark, and waits a moment until it is gone.
bool kill_marked(std::int32_t pid, const std::string& variable) {
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!bears(environment_of(pid), variable)) return false;  // checked after the pidfd was opened
  // The pidfd names the process that was checked, even if its pid was reused since.
  const bool sent = pidfd ? ::syscall(SYS_pidfd_send_signal, pidfd.get(), SIGKILL, nullptr, 0) == 0
                          : ::kill(pid, SIGKILL) == 0;
  if (!sent) return false;
  if (pidfd) {
    pollfd entry{pidfd.get(), POLLIN, 0};
    ::poll(&entry, 1, static_cast<int>(limits::kAgentReapMsMax));
  }
  return true;
}

}  // namespace

std::string owner_mark(std::string_view state_dir) {
  std::error_code failed;
  std::filesystem::path path = std::filesystem::weakly_canonical(state_dir, failed);
  if (failed) path = state_dir;
  const std::string text = fmt::format("{}\n{}", path.string(), ::geteuid());
  return show_hex(ByteSpan{sha256_of(text)}.first(8));
}

std::uint32_t sweep_orphans(std::string_view mark) {
  const std::string variable = fmt::format("{}={}", kOwnerVariable, mark);
  std::uint32_t killed = 0;
  for (std::uint32_t round = 0; round < limits::kAgentSweepRoundsMax; ++round) {
    const std::vector<ProcessEntry> all = list_processes();
    const std::vector<std::int32_t> family = own_family(all);
    std::uint32_t found = 0;
    for (const ProcessEntry& entry : all) {
      if (std::ranges::find(family, entry.pid) != family.end()) continue;
      if (bears(environment_of(entry.pid), variable) && kill_marked(entry.pid, variable)) {
        found += 1;
      }
    }
    if (found == 0) break;
    killed += found;
  }
  return killed;
}

}  // namespace spine::agents
