// Options of bwrap: name spaces first, then mounts in the order of the plan.
#include "adapters/agents/process/sandbox.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <initializer_list>
#include <sys/resource.h>

#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

void append(std::vector<std::string>& argv, std::initializer_list<std::string> more) {
  argv.insert(argv.end(), more.begin(), more.end());
}

// Folders on the way from the tmpfs at `top` to `path`, passable for the agent's user.
void append_way(std::vector<std::string>& argv, const std::string& top, const std::string& path) {
  std::vector<std::string> between;
  std::filesystem::path at = std::filesystem::path(path).parent_path();
  while (at.native().size() > top.size()) {
    between.push_back(at.string());
    at = at.parent_path();
  }
  std::reverse(between.begin(), between.end());
  for (const std::string& folder : between)
    append(argv, {"--perms", "0755", "--dir", folder});
}

}  // namespace

bool is_within(const std::string& path, const std::string& folder) {
  if (path.empty() || folder.empty()) return false;
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

const Mount* MountPlan::decider(const std::string& path) const {
  for (auto mount = mounts_.rbegin(); mount != mounts_.rend(); ++mount) {
    if (is_within(path, mount->path)) return &*mount;
  }
  return nullptr;
}

bool MountPlan::is_visible(const std::string& path) const {
  const Mount* mount = decider(path);
  return mount == nullptr || mount->kind == MountKind::show ||
         mount->kind == MountKind::show_writable;
}

std::vector<std::string> MountPlan::options() const {
  std::vector<std::string> argv;
  MountPlan done;
  for (const Mount& mount : mounts_) {
    const Mount* below = done.decider(mount.path);
    if (below != nullptr && below->kind == MountKind::hide_folder) {
      append_way(argv, below->path, mount.path);
    }
    switch (mount.kind) {
      case MountKind::hide_folder: {
        const bool shared = mount.path == "/tmp" || mount.path == "/var/tmp";
        append(argv, {"--perms", shared ? "1777" : "0755", "--size",
                      fmt::format("{}", shared ? limits::kAgentTmpBytesMax : limits::kMiB),
                      "--tmpfs", mount.path});
        break;
      }
      case MountKind::hide_file:
        append(argv, {"--ro-bind", "/dev/null", mount.path});
        break;
      case MountKind::show:
        append(argv, {"--ro-bind", mount.path, mount.path});
        break;
      case MountKind::show_writable:
        append(argv, {"--bind", mount.path, mount.path});
        break;
    }
    done.mounts_.push_back(mount);
  }
  return argv;
}

std::vector<std::string> sandbox_command(const SeparationMeans& means, const MountPlan& plan,
                                         const std::string& cwd) {
  std::vector<std::string> argv{means.bubblewrap, "--unshare-pid",        "--unshare-ipc",
                                "--unshare-uts",  "--unshare-cgroup-try", "--die-with-parent"};
  if (means.is_root) {
    append(argv, {"--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                  "--cap-add", "CAP_SETPCAP", "--cap-add",
                  "CAP_DAC_READ_SEARCH"});  // the last one to enter the workspace
  }
  append(argv, {"--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"});
  const std::vector<std::string> mounts = plan.options();
  argv.insert(argv.end(), mounts.begin(), mounts.end());
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
