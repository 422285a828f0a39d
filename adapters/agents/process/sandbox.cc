// Options of bwrap: name spaces first, then mounts in the order of the plan; and libseccomp rules,
// exported as BPF.
#include "adapters/agents/process/sandbox.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

// 4,096 segments (kernel.shmmni) of this size are 256 MiB: less than any sensible memory bound.
constexpr scmp_datum_t kSegmentBytesMax = 64 * 1024;

struct FreeFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, FreeFilter>;

bool forbid_user_name_spaces(void* filter) {
  const auto with_flag = [&](int call, unsigned at) {
    const scmp_arg_cmp flag{at, SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER};
    return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), call, 1, &flag) == 0;
  };
  // A filter cannot read clone3's flags, which are in memory; on ENOSYS libraries use clone.
  return with_flag(SCMP_SYS(unshare), 0) && with_flag(SCMP_SYS(clone), 0) &&
         seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, nullptr) ==
             0 &&
         seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(setns), 0, nullptr) == 0;
}

bool forbid_large_segments(void* filter) {
  const scmp_arg_cmp size{1, SCMP_CMP_GT, kSegmentBytesMax, 0};
  return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(shmget), 1, &size) == 0;
}

// Other ABIs of this processor, where the same system call has another number.
void add_other_numbers(void* filter) {
#ifdef __x86_64__
  seccomp_arch_add(filter, SCMP_ARCH_X86);
  seccomp_arch_add(filter, SCMP_ARCH_X32);
#elif defined(__aarch64__)
  seccomp_arch_add(filter, SCMP_ARCH_ARM);
#else
  static_cast<void>(filter);
#endif
}

std::string exported(void* filter) {
  const UniqueFd fd(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!fd || seccomp_export_bpf(filter, fd.get()) != 0) return "";
  std::array<char, 16'384> buffer;
  const ssize_t got = ::pread(fd.get(), buffer.data(), buffer.size(), 0);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : "";
}

}  // namespace

std::vector<std::string> sandbox_command(const SeparationMeans& means, const MountPlan& plan,
                                         const std::string& cwd, bool filtered) {
  std::vector<std::string> argv{means.bubblewrap, "--unshare-pid",        "--unshare-ipc",
                                "--unshare-uts",  "--unshare-cgroup-try", "--die-with-parent"};
  if (means.is_root) {
    append(argv, {"--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID",
                  "--cap-add", "CAP_SETPCAP", "--cap-add",
                  "CAP_DAC_READ_SEARCH"});  // DAC_READ_SEARCH: to enter the workspace
  }
  // The tmpfs of --dev has no size bound, so /dev/shm gets a tmpfs of its own and /dev is remounted
  // read-only. (An agent of a root gateway could not write to bwrap's /dev/shm at all.)
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
    // An unprivileged process may only lower the limit.
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

bool has_seccomp() {
  return ::access("/proc/sys/kernel/seccomp/actions_avail", F_OK) == 0;
}

std::string seccomp_program(const SeccompRules& rules) {
  if (rules == SeccompRules{}) return "";
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return "";
  add_other_numbers(filter.get());
  if (rules.no_user_name_spaces && !forbid_user_name_spaces(filter.get())) return "";
  if (rules.no_large_segments && !forbid_large_segments(filter.get())) return "";
  return exported(filter.get());
}

}  // namespace spine::agents
