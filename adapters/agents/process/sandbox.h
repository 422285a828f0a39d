// Sandbox: the wrapper commands of an agent (bubblewrap, prlimit, setpriv), and its seccomp filter
// of system calls.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/users.h"

namespace spine::agents {

// bwrap with own mount, pid, ipc, uts and cgroup name spaces, up to and with "--". As root it keeps
// the capabilities to change user and group, for append_user_command. `filtered`: with the seccomp
// program that can be read from descriptor 3. REQUIRES: means.bubblewrap.
std::vector<std::string> sandbox_command(const SeparationMeans& means, const MountPlan& plan,
                                         const std::string& cwd, bool filtered);

// prlimit: no core files, and with `bound_tasks` at most kAgentTasksMax processes; not where the
// limit would also count the gateway user's own processes. Appends nothing without a prlimit.
void append_limits(std::vector<std::string>& argv, const SeparationMeans& means, bool bound_tasks);

// setpriv, which drops root's identity and capabilities for good; the command follows.
void append_user_command(std::vector<std::string>& argv, const SeparationMeans& means,
                         const SystemUser& user);

struct SeccompRules {
  // Forbids user name spaces: within one a program has all capabilities over it, so it can mount,
  // and reaches kernel code that is closed to ordinary users.
  bool no_user_name_spaces{};
  // Forbids large System V segments where memory is counted: /proc does not show, per process, the
  // memory of a detached segment.
  bool no_large_segments{};

  bool operator==(const SeccompRules&) const = default;
};

// The BPF program for `bwrap --seccomp`; "" when there is nothing to forbid, or it cannot be made.
std::string seccomp_program(const SeccompRules& rules);

// Whether this kernel supports seccomp filters.
bool has_seccomp();

}  // namespace spine::agents
