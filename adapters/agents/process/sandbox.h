// Sandbox: the view of the file system bubblewrap gives an agent, as a list of mounts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/users.h"

namespace spine::agents {

// Whether `path` is `folder` or below it. Both normal and absolute; an empty one is nowhere.
bool is_within(const std::string& path, const std::string& folder);

enum class MountKind : std::uint8_t { hide_folder, hide_file, show, show_writable };
struct Mount {
  MountKind kind{};
  std::string path{};  // canonical: the same outside and inside
};

// Mounts on top of the whole machine read-only; each may cover those before it.
class MountPlan {
 public:
  void add(MountKind kind, const std::string& path) { mounts_.push_back({kind, path}); }
  // The last mount that decides what is seen at `path`; null = the machine's own, read-only.
  const Mount* decider(const std::string& path) const;
  // Whether something is seen at `path` inside (if it is there outside).
  bool is_visible(const std::string& path) const;
  // Options of bwrap for them, in order, with the folders between that have to be made.
  std::vector<std::string> options() const;

 private:
  std::vector<Mount> mounts_{};
};

// bwrap with own mount, pid, ipc, uts and cgroup name spaces, up to and with "--". As root it keeps
// the right to change the identity, for append_user_command. REQUIRES: means.bubblewrap.
std::vector<std::string> sandbox_command(const SeparationMeans& means, const MountPlan& plan,
                                         const std::string& cwd);

// prlimit that bounds what its processes may be: no core files, and, where they do not count with
// those of the gateway's user, at most kAgentTasksMax of them. Nothing without a prlimit.
void append_limits(std::vector<std::string>& argv, const SeparationMeans& means, bool bound_tasks);

// setpriv that gives away root's identity and rights for good; the command follows.
void append_user_command(std::vector<std::string>& argv, const SeparationMeans& means,
                         const SystemUser& user);

// The view of one agent. `program`: path of its command; `env`: its environment. Errors:
// Errc::invalid_argument when the configuration would show the gateway's own places, or names a
// path that an agent can bend.
Result<MountPlan> agent_view(const LaunchRequest& request, const std::string& program,
                             const std::vector<std::string>& env);

}  // namespace spine::agents
