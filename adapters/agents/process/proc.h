// Proc: the processes of this machine and the mounts they have, as /proc shows them.
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

struct MountLine {
  std::uint64_t device{};  // as st_dev
  std::string root{};      // what of the file system is seen there
  std::string path{};      // where, as the process sees it
  std::string type{};      // "ext4", "tmpfs", "cgroup2", ...
  bool read_only{};
};

// Lines of a mountinfo file (proc(5)); one that cannot be understood is left out.
std::vector<MountLine> parse_mounts(const std::string& text);
// Of the process; 0 = this one. Empty when it is gone or somebody else's.
std::vector<MountLine> mounts_of(std::int32_t pid);

}  // namespace spine::agents
