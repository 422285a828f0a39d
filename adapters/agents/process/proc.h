// Proc: this machine's processes and their mounts, from /proc.
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

// All running processes, unordered; one that ends meanwhile may be missing. Blocks briefly.
std::vector<ProcessEntry> list_processes();

// Numbers of the processes in that process group.
std::vector<std::int32_t> members_of_group(std::int32_t group);

// `root` and all its descendants, of `all`. Empty if `root` is not in it.
std::vector<ProcessEntry> with_descendants(const std::vector<ProcessEntry>& all, std::int32_t root);

// A file of /proc, cut at about kAgentEnvironBytesMax; "" if it cannot be read.
std::string read_proc_file(const std::string& path);

struct MountLine {
  std::uint64_t device{};  // as st_dev
  std::string root{};      // the mounted subtree of the file system
  std::string path{};      // mount point, as the process sees it
  std::string type{};      // "ext4", "tmpfs", "cgroup2", ...
  bool read_only{};
};

// Lines of a mountinfo file (proc(5)); malformed ones are left out.
std::vector<MountLine> parse_mounts(const std::string& text);
// Mounts of the process; 0 = this one. Empty if it has exited or may not be read.
std::vector<MountLine> mounts_of(std::int32_t pid);

}  // namespace spine::agents
