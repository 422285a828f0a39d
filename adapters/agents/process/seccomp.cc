// Rules of libseccomp, written out as the kernel takes them.
#include "adapters/agents/process/seccomp.h"

#include <array>
#include <cerrno>
#include <memory>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "schemas/vocab/unique_fd.h"

namespace spine::agents {
namespace {

// 4,096 segments (kernel.shmmni) of this size are less than any bound of memory that makes sense.
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
  // Flags of clone3 are in memory, which a filter cannot read: libraries take clone instead.
  return with_flag(SCMP_SYS(unshare), 0) && with_flag(SCMP_SYS(clone), 0) &&
         seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, nullptr) ==
             0 &&
         seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(setns), 0, nullptr) == 0;
}

bool forbid_large_segments(void* filter) {
  const scmp_arg_cmp size{1, SCMP_CMP_GT, kSegmentBytesMax, 0};
  return seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(shmget), 1, &size) == 0;
}

// What else a processor of this kind runs: the same call has other numbers there.
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
