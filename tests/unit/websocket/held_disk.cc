// Stands in front of the C library's fdatasync: the linker finds the program's own first.
#include "tests/unit/websocket/held_disk.h"

#include <atomic>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::atomic<bool> disk_held{false};

}  // namespace

extern "C" int fdatasync(int fd) {
  disk_held.wait(true);
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace spine::test {

HeldDisk::HeldDisk() {
  disk_held.store(true);
}

HeldDisk::~HeldDisk() {
  disk_held.store(false);
  disk_held.notify_all();
}

}  // namespace spine::test
