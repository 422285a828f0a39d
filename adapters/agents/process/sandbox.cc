// Options of bwrap: name spaces first, then mounts in the order of the plan.
#include "adapters/agents/process/sandbox.h"

#include <algorithm>
#include <fmt/format.h>
#include <initializer_list>
#include <sys/resource.h>

#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {}  // namespace

std::vector<std::string> sandbox_command(const SeparationMeans& means, const MountPlan& plan,
                                         const std::string& cwd, bool filtered) {
  std::vector<std::string> argv{means.bubblewrap, "--unshare-pid",        "--unshare-ipc",
                                "--unshare-uts",  "--unshare-cgroup-try", "--die-with-parent"};
  if (means.is_root) {
    append(argv, {"--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                  "--cap-add", "CAP_SETPCAP", "--cap-add",
                  "CAP_DAC_READ_SEARCH"});  // the last one to enter the workspace
  }
  // The tmpfs of --dev has no size: so shared memory gets one of its own, and /dev is closed. (An
  // agent of a root gateway could not write to bwrap's /dev/shm at all.)
  append(argv, {"--ro-bind", "/", "/", "--dev", "/dev", "--perms", "1777", "--size",
                fmt::format("{}", limits::kAgentTmpBytesMax), "--tmpfs", "/dev/shm", "--remount-ro",
                "/dev", "--proc", "/proc"});
  const std::vector<std::string> mounts = plan.options();
  argv.insert(argv.end(), mounts.begin(), mounts.end());
  if (filtered) append(argv, {"--seccomp", "3"});
  append(argv, {"--chdir", cwd, "--"});
  return argv;
}

void append_limits(std::vector<std::string>& argv, const SeparationMeans& means, bool bound_tasks) {
  if (means.prlimit.empty()) return;
  append(argv, {means.prlimit, "--core=0"});
  rlimit now{};
  if (bound_tasks && ::getrlimit(RLIMIT_NPROC, &now) == 0) {
    // Who has no rights may lower it alone.
    const rlim_t most = std::min<rlim_t>(limits::kAgentTasksMax, now.rlim_max);
    argv.push_back(fmt::format("--nproc={}", most));
  }
  argv.emplace_back("--");
}

void append_user_command(std::vector<std::string>& argv, const SeparationMeans& means,
                         const SystemUser& user) {
  append(argv, {means.setpriv, "--reuid", fmt::format("{}", user.uid), "--regid",
                fmt::format("{}", user.gid), "--clear-groups", "--no-new-privs", "--inh-caps=-all",
                "--ambient-caps=-all", "--bounding-set=-all"});
}

}  // namespace spine::agents
