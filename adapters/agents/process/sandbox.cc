// Options of bwrap: name spaces first, then mounts in the order of the plan; and which mounts.
#include "adapters/agents/process/sandbox.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>

#include "adapters/agents/process/hidden_places.h"
#include "adapters/agents/process/needed_places.h"
#include "adapters/agents/process/program.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

namespace fs = std::filesystem;

std::string reason_to_hide(const std::string& place) {
  if (place == "/tmp" || place == "/var/tmp") return "its own temporary files";
  if (place == "/run") return "sockets of the machine";
  return "the home of a user, or beside the gateway's own";
}

class ViewBuilder {
 public:
  explicit ViewBuilder(const LaunchRequest& request)
      : request_(request), hidden_(request), writable_(writable_places(request)) {}

  Status check_configured() const;
  MountPlan build(const std::string& program, const std::vector<std::string>& env) const;

 private:
  void add_what_runs(NeededPlaces& needed, const std::string& program,
                     const std::vector<std::string>& env) const;
  std::vector<Mount> needed_mounts(const std::string& program,
                                   const std::vector<std::string>& env) const;
  void cover_own(MountPlan& plan) const;
  bool may_be_uncovered(const std::string& path) const;
  Status check_path(std::string_view key, const std::string& path, bool writable) const;
  std::string agents_folder() const { return hidden_.state() + "/agents/" + request_.agent.id; }

  const LaunchRequest& request_;
  HiddenPlaces hidden_;
  WritablePlaces writable_;
};

void ViewBuilder::add_what_runs(NeededPlaces& needed, const std::string& program,
                                const std::vector<std::string>& env) const {
  // The resolver's file may be a link into /run; its folder, as it is replaced when it changes.
  const std::string resolver = canonical_path("/etc/resolv.conf");
  if (!resolver.empty() && hidden_.is_hidden(resolver)) {
    const std::string folder = fs::path(resolver).parent_path().string();
    needed.add(hidden_.would_uncover(folder) ? resolver : folder, "names of hosts");
  }
  const std::string_view path = value_in(env, "PATH");
  for (const std::string& entry : path_entries(path))
    needed.add_folder_of_programs(entry, "its PATH");
  needed.add_what_is_run(program, path, "its program");
  for (const std::string& arg : request_.agent.process.args)
    needed.add_argument(arg, path);
}

std::vector<Mount> ViewBuilder::needed_mounts(const std::string& program,
                                              const std::vector<std::string>& env) const {
  NeededPlaces needed(hidden_, writable_);
  add_what_runs(needed, program, env);
  const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
  for (const std::string& dir : request_.skill_dirs)
    needed.add_skill(dir);
  for (const std::string& path : sandbox.read)
    needed.add_configured(MountKind::show, path, "spine.sandbox.read");
  for (const std::string& path : sandbox.write)
    needed.add_configured(MountKind::show_writable, path, "spine.sandbox.write");
  needed.add_configured(MountKind::show_writable, request_.places.workspace, "its workspace");
  needed.add_configured(MountKind::show_writable, request_.places.data_dir, "its data");
  needed.add_configured(MountKind::show_writable, request_.places.home, "its home");
  return needed.sorted();
}

// The gateway's own and other agents', whatever was shown around them.
void ViewBuilder::cover_own(MountPlan& plan) const {
  for (const std::string& place : hidden_.own().masks) {
    std::error_code failed;
    if (!plan.is_visible(place)) continue;
    plan.add({fs::is_directory(place, failed) ? MountKind::hide_folder : MountKind::hide_file,
              place, "the gateway's own"});
  }
  for (const std::string& place : hidden_.own().folders)
    plan.add({MountKind::hide_folder, place, "the gateway's own"});
  for (const std::string& place : hidden_.others()) {
    if (plan.is_visible(place)) {
      plan.add({MountKind::hide_folder, place, "workspace of another agent"});
    }
  }
}

// Of the state directory only what is this agent's; beside the configuration and keys what was
// named, and what runs; never the gateway's files, or a socket.
bool ViewBuilder::may_be_uncovered(const std::string& path) const {
  if (hidden_.is_own(path)) return false;
  if (is_within(path, hidden_.state()) && !is_below_any(path, {agents_folder()})) return false;
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return false;
  return S_ISDIR(info.st_mode) || S_ISREG(info.st_mode);
}

MountPlan ViewBuilder::build(const std::string& program,
                             const std::vector<std::string>& env) const {
  const std::vector<Mount> needed = needed_mounts(program, env);
  MountPlan plan;
  for (const std::string& place : hidden_.folders())
    plan.add({MountKind::hide_folder, place, reason_to_hide(place)});
  for (const Mount& mount : needed) {
    const bool is_there = mount.kind == MountKind::show_link && plan.is_visible(mount.path);
    if (!hidden_.is_covered(mount.path) && !is_there) plan.add(mount);
  }
  cover_own(plan);
  for (const Mount& mount : needed) {
    if (hidden_.is_covered(mount.path) && may_be_uncovered(mount.path)) plan.add(mount);
  }
  return plan;
}

Status ViewBuilder::check_path(std::string_view key, const std::string& path, bool writable) const {
  const std::string place = trusted_path(path, writable_.all());
  const auto refuse = [&](std::string_view reason) {
    return Error{Errc::invalid_argument,
                 fmt::format("Agent {}: {} {}: {}.", printable(request_.agent.id), key,
                             printable(path), reason)};
  };
  if (place.empty() && !canonical_path(path).empty()) {
    return refuse(
        "a link that an agent may have put there leads elsewhere; name the path it is to be");
  }
  if (place.empty()) return refuse("there is no such file or directory; make it, or leave it out");
  if (place == "/") return refuse("that is the whole machine; name the directories it needs");
  const bool is_agents = is_below_any(place, {agents_folder()});
  if (!is_agents && (is_within(place, hidden_.state()) || hidden_.is_own(place))) {
    return refuse(
        "that belongs to the gateway, and agents must not see it; move what the agent "
        "needs to a directory of its own");
  }
  const std::string own = own_place_within(request_.gateway, place);
  if (own.empty()) return ok();
  // What lies beside the gateway's own is hidden and shown again where it is named: that would show
  // what lies in it, too.
  if (!is_agents && hidden_.is_covered(place)) {
    return refuse(fmt::format("the gateway's own {} lies in it; name what the agent needs", own));
  }
  if (!writable) return ok();
  return refuse(
      fmt::format("the gateway's own {} lies in it, and who may write around it can replace it; "
                  "choose a directory of its own",
                  own));
}

Status ViewBuilder::check_configured() const {
  const config::SandboxConfig& sandbox = request_.agent.process.sandbox;
  for (const std::string& path : sandbox.read) {
    SPINE_TRY_STATUS(check_path("spine.sandbox.read", path, false));
  }
  for (const std::string& path : sandbox.write) {
    SPINE_TRY_STATUS(check_path("spine.sandbox.write", path, true));
  }
  if (!request_.agent.workspace.empty()) {
    SPINE_TRY_STATUS(check_path("workspace", request_.agent.workspace, true));
  }
  return check_path("workspace", request_.places.workspace, true);
}

}  // namespace

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

Result<MountPlan> agent_view(const LaunchRequest& request, const std::string& program,
                             const std::vector<std::string>& env) {
  const ViewBuilder builder(request);
  SPINE_TRY_STATUS(builder.check_configured());
  return builder.build(program, env);
}

}  // namespace spine::agents
