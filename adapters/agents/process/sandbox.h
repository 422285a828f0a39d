// Sandbox: what stands in front of an agent that runs in bubblewrap, and the calls of the kernel
// that it is not to make.
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

struct SeccompRules {
  // Within a user name space a program has every right over name spaces below it: it can mount, and
  // reaches parts of the kernel nobody else reaches.
  bool no_user_name_spaces{};
  // Where memory is counted: nothing in /proc tells from outside what a detached segment of
  // System V takes, so there are no large ones.
  bool no_large_segments{};

  bool operator==(const SeccompRules&) const = default;
};

// The program for `bwrap --seccomp`; "" when there is nothing to forbid, or it cannot be made.
std::string seccomp_program(const SeccompRules& rules);

// Whether this kernel can be told at all.
bool has_seccomp();

}  // namespace spine::agents
