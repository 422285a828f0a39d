// Cgroup: the control group (version 2) of one process of an agent: what it takes with all that it
// starts is bounded there, and all of that ends at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schemas/vocab/result.h"

namespace spine::agents {

struct CgroupBounds {
  std::uint64_t memory_bytes_max{};  // files in memory and shared memory included; 0 = no bound
  std::uint32_t tasks_max{};
};

// Writes what a file of a control group is to hold; false when the kernel refuses, or has no such
// file.
bool write_cgroup_file(const std::string& path, const std::string& text);

std::vector<std::int32_t> cgroup_members(const std::string& folder);
// SIGKILL for every member, also those that left their process group or session.
void kill_cgroup(const std::string& folder);

// Folders that could not be removed yet: their members have been killed, and are not gone.
using CgroupsLeft = std::shared_ptr<std::vector<std::string>>;

// Thread: loop. The destructor ends what is in it, and removes it, or leaves that to CgroupTree.
class Cgroup {
 public:
  // Makes the folder and writes the bounds; `holds_memory`: there is a controller of it. Errors:
  // Errc::io.
  static Result<std::shared_ptr<Cgroup>> make(const std::string& folder, const CgroupBounds& bounds,
                                              bool holds_memory, CgroupsLeft left);
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();

  const std::string& folder() const { return folder_; }
  // Puts before a command what makes the process it becomes a member, before it does anything.
  void enter(std::vector<std::string>& argv) const;
  void kill() const { kill_cgroup(folder_); }
  std::vector<std::int32_t> members() const { return cgroup_members(folder_); }
  // What it takes now, without files that are only read ahead; 0 where memory is not held.
  std::uint64_t memory_bytes() const;
  // Whether the kernel ended it for taking more than its bound.
  bool ran_out_of_memory() const;

 private:
  Cgroup(std::string folder, bool holds_memory, CgroupsLeft left)
      : folder_(std::move(folder)), left_(std::move(left)), holds_memory_(holds_memory) {}

  std::string folder_;
  CgroupsLeft left_;
  bool holds_memory_;
};

}  // namespace spine::agents
