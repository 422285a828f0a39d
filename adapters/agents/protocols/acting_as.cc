// By raw system calls: those of glibc change the groups of all threads.
#include "adapters/agents/protocols/acting_as.h"

#include <cerrno>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "schemas/vocab/check.h"

namespace spine::agents {
namespace {

bool set_groups(const std::vector<gid_t>& groups) {
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

// They answer with what was before, so what is now is asked with an id there cannot be.
bool set_file_user(uid_t uid) {
  ::setfsuid(uid);
  return static_cast<uid_t>(::setfsuid(static_cast<uid_t>(-1))) == uid;
}

bool set_file_group(gid_t gid) {
  ::setfsgid(gid);
  return static_cast<gid_t>(::setfsgid(static_cast<gid_t>(-1))) == gid;
}

}  // namespace

ActingAs::ActingAs(uid_t uid, gid_t gid) {
  if (::geteuid() != 0) {
    done_ = true;
    return;
  }
  if (uid == 0) return;
  const int count = ::getgroups(0, nullptr);
  if (count < 0) return;
  groups_.resize(static_cast<std::size_t>(count));
  if (::getgroups(count, groups_.data()) != count || !set_groups({})) return;
  changed_ = true;
  done_ = set_file_group(gid) && set_file_user(uid);
}

ActingAs::~ActingAs() {
  if (!changed_) return;
  const int number = errno;  // of what was done meanwhile
  const bool back =
      set_file_user(::geteuid()) && set_file_group(::getegid()) && set_groups(groups_);
  SPINE_CHECK(back);
  errno = number;
}

}  // namespace spine::agents
