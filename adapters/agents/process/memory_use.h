// MemoryUse: how much memory processes use, counted from /proc.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "adapters/agents/process/proc.h"

namespace spine::agents {

// Used where no control group bounds memory. Memory that no process has mapped is found if there is
// a descriptor of it (memfd), or a file in a file system of the sandbox (tmpfs, /dev/shm). Not
// found: data in flight in sockets, and kernel buffers of pipes and queues.
struct MemoryUse {
  std::uint64_t resident{};  // sum over processes: private memory and mapped files
  std::uint64_t shared{};    // counted once: shared memory, and files in memory (tmpfs)

  std::uint64_t total() const { return resident + shared; }
};

// A snapshot of the machine's processes and mounts, made once for all agents. The constructor and
// of() block briefly: they read some files of /proc for each process.
class MemoryMeter {
 public:
  MemoryMeter();

  const std::vector<ProcessEntry>& processes() const { return processes_; }
  // Of these processes together.
  MemoryUse of(const std::vector<ProcessEntry>& processes) const;

 private:
  std::vector<ProcessEntry> processes_;
  std::set<std::uint64_t> machines_{};   // devices of the gateway's own mounts
  std::set<std::uint64_t> in_memory_{};  // those that are tmpfs, and the kernel's for memfds
};

// Shared memory and files in memory of the whole machine. Cheap: reads one short file.
std::uint64_t shared_memory_of_machine();

}  // namespace spine::agents
