// CgroupTree: the control groups (version 2) of this gateway's agents, and which resources they can
// bound; Cgroup: the group of one agent process, which bounds the resources of it and its
// descendants, and kills all of them at once.
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

// Folders that could not be removed yet: their members were killed, and are still exiting.
using CgroupsLeft = std::shared_ptr<std::vector<std::string>>;

// Thread: loop. The destructor kills the members and removes the group, or leaves the removal to
// CgroupTree::tidy().
class Cgroup {
 public:
  // Makes the folder and writes the bounds. `holds_memory`: the memory controller is on. Errc::io.
  static Result<std::shared_ptr<Cgroup>> make(const std::string& folder, const CgroupBounds& bounds,
                                              bool holds_memory, CgroupsLeft left);
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();

  const std::string& folder() const { return folder_; }
  // Puts a wrapper before the command that joins the group and then execs the command.
  void enter(std::vector<std::string>& argv) const;
  // SIGKILL for every member, also those that left their process group or session.
  void kill() const;
  std::vector<std::int32_t> members() const;
  // Memory in use, without inactive page cache; 0 without the memory controller.
  std::uint64_t memory_bytes() const;
  // Whether the kernel's OOM killer ended it for exceeding its bound.
  bool ran_out_of_memory() const;

 private:
  Cgroup(std::string folder, bool holds_memory, CgroupsLeft left)
      : folder_(std::move(folder)), left_(std::move(left)), holds_memory_(holds_memory) {}

  std::string folder_;
  CgroupsLeft left_;
  bool holds_memory_;
};

// Thread: loop. Made once, at the start.
class CgroupTree {
 public:
  // What the kernel says about this process; tests pass their own.
  struct Where {
    std::string mounts{};     // text of /proc/self/mountinfo
    std::string own_group{};  // text of /proc/self/cgroup
    bool is_root{};
    std::string mark{};  // names a root gateway's folder: owner_mark()
  };
  static Where here(std::string mark);

  // Without a tree: nothing is bounded, works() is false.
  CgroupTree() = default;
  // Makes the folder of the agents' groups, and kills what an earlier gateway left there. If
  // systemd delegated this process's own group, the process first moves into a child group: a group
  // with members of its own cannot enable controllers for its children.
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
  // Removes ended groups that could not be removed at once.
  void tidy();

 private:
  bool take(const std::string& folder);
  void use(const std::string& base, const std::string& folder);
  void sweep();

  std::string folder_{};
  UniqueFd lock_{};  // on the folder; an unlocked folder belongs to no running gateway
  CgroupsLeft left_{std::make_shared<std::vector<std::string>>()};
  std::string why_not_{"there are no control groups"};
  std::uint64_t made_{};  // numbers the folders, so that no name is used twice
  bool holds_memory_{};
  bool holds_tasks_{};
  bool holds_processor_{};
};

}  // namespace spine::agents
