// FailingSync, by an fsync that stands in front of the C library's.
#include "tests/unit/cli/failing_sync.h"

#include <atomic>
#include <cerrno>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace spine::test {
namespace {

std::atomic<ino_t> failing_inode{0};

}  // namespace

FailingSync::FailingSync(const std::filesystem::path& dir) {
  struct stat info {};
  if (::stat(dir.c_str(), &info) == 0) failing_inode = info.st_ino;
}

FailingSync::~FailingSync() {
  failing_inode = 0;
}

}  // namespace spine::test

extern "C" int fsync(int fd) {
  struct stat info {};
  const ino_t failing = spine::test::failing_inode;
  if (failing != 0 && ::fstat(fd, &info) == 0 && info.st_ino == failing) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}
