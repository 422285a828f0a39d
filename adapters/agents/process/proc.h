// Proc: the processes of this machine, as /proc shows them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spine::agents {

struct ProcessEntry {
  std::int32_t pid{};
  std::int32_t parent{};
  std::int32_t group{};
  std::uint64_t resident_pages{};
};

// All that are there now, in no order; one that ends meanwhile may be missing. Blocks briefly.
std::vector<ProcessEntry> list_processes();

// Numbers of the processes in that process group.
std::vector<std::int32_t> members_of_group(std::int32_t group);

// `root` and everything below it by parent, of `all`. Empty when `root` is not there.
std::vector<ProcessEntry> with_descendants(const std::vector<ProcessEntry>& all, std::int32_t root);

// The first kAgentEnvironBytesMax of a file of /proc; "" when it is gone or somebody else's.
std::string read_proc_file(const std::string& path);

}  // namespace spine::agents
