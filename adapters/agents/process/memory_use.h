// MemoryUse: what processes take of the machine's memory, counted from outside.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "adapters/agents/process/proc.h"

namespace spine::agents {

// For where no control group holds it. Memory that no process has mapped is found as long as there
// is a way to it: by a descriptor (memfd), or in a file system of the sandbox (tmpfs, /dev/shm).
// Not found: what is on its way in a socket, and what the kernel keeps for pipes and queues.
struct MemoryUse {
  std::uint64_t resident{};  // of each process: its own, and of files
  std::uint64_t shared{};    // once: shared memory, whoever has it mapped, and files in memory

  std::uint64_t total() const { return resident + shared; }
};

// The processes of the machine at one moment, and what their memory is judged by: made once for
// all who want to know. Blocks briefly, as of() does: some files of /proc for each process.
class MemoryMeter {
 public:
  MemoryMeter();

  const std::vector<ProcessEntry>& processes() const { return processes_; }
  // Of these processes together.
  MemoryUse of(const std::vector<ProcessEntry>& processes) const;

 private:
  std::vector<ProcessEntry> processes_;
  std::set<std::uint64_t> machines_{};   // devices of mounts the gateway has itself
  std::set<std::uint64_t> in_memory_{};  // those of them that are memory, and the kernel's own
};

// Shared memory and files in memory of the whole machine: one short file, to be asked often.
std::uint64_t shared_memory_of_machine();

}  // namespace spine::agents
