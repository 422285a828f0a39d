// MountTable: the mounts a process has, as /proc shows them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spine::agents {

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
