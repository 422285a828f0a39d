// Sandbox: what stands in front of an agent that runs in bubblewrap, and its view of the files.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/users.h"

namespace spine::agents {

// bwrap with own mount, pid, ipc, uts and cgroup name spaces, up to and with "--". As root it keeps
// the right to change the identity, for append_user_command. `filtered`: with the seccomp program
// that can be read from descriptor 3. REQUIRES: means.bubblewrap.
std::vector<std::string> sandbox_command(const SeparationMeans& means, const MountPlan& plan,
                                         const std::string& cwd, bool filtered);

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
