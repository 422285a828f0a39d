// CgroupTree: where the control groups of this gateway's agents are, and what they can hold;
// Cgroup: the one (version 2) of one process, which bounds what it takes with all that it starts,
// and in which all of that ends at once.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {

struct CgroupBounds {
  std::uint64_t memory_bytes_max{};  // files in memory and shared memory included; 0 = no bound
  std::uint32_t tasks_max{};
};

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
  // SIGKILL for every member, also those that left their process group or session.
  void kill() const;
  std::vector<std::int32_t> members() const;
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

// Thread: loop. Found once, at the start.
class CgroupTree {
 public:
  // What the kernel says of this process; a test says something else.
  struct Where {
    std::string mounts{};     // text of /proc/self/mountinfo
    std::string own_group{};  // text of /proc/self/cgroup
    bool is_root{};
    std::string mark{};  // names a root gateway's folder: owner_mark()
  };
  static Where here(std::string mark);

  // None: nothing is held.
  CgroupTree() = default;
  // Makes the folder of the agents' groups, and ends what an earlier gateway left in it. Where
  // systemd has delegated this process's own group, the process moves itself into a group below
  // it first: one that has members cannot give controllers to those below it.
  static std::unique_ptr<CgroupTree> find(const Where& where);
  CgroupTree(const CgroupTree&) = delete;
  CgroupTree& operator=(const CgroupTree&) = delete;
  ~CgroupTree();

  bool works() const { return !folder_.empty(); }
  bool holds_memory() const { return holds_memory_; }
  const std::string& folder() const { return folder_; }
  // "cgroup: memory, processes, processor time", or "counted: " and why.
  std::string summary() const;

  // For one process of an agent. REQUIRES: works(). Errors: Errc::io.
  Result<std::shared_ptr<Cgroup>> make(const std::string& agent_id, const CgroupBounds& bounds);
  // Removes groups that are over and could not be removed at once.
  void tidy();

 private:
  bool take(const std::string& folder);
  void use(const std::string& base, const std::string& folder);
  void sweep();

  std::string folder_{};
  UniqueFd lock_{};  // on the folder: whose is locked by nobody is nobody's any more
  CgroupsLeft left_{std::make_shared<std::vector<std::string>>()};
  std::string why_not_{"there are no control groups"};
  std::uint64_t made_{};  // no folder is anybody else's, however often an agent comes and goes
  bool holds_memory_{};
  bool holds_tasks_{};
  bool holds_processor_{};
};

}  // namespace spine::agents
