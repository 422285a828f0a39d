// Stands in front of the C library's posix_fallocate: the linker finds the program's own first.
#include "tests/unit/pipeline/small_disk.h"

#include <atomic>
#include <cerrno>
#include <dlfcn.h>
#include <fcntl.h>

namespace {

std::atomic<std::uint64_t> bytes_max{~std::uint64_t{0}};

}  // namespace

extern "C" int posix_fallocate(int fd, off_t offset, off_t bytes) {
  using Allocate = int (*)(int, off_t, off_t);
  static const auto allocate = reinterpret_cast<Allocate>(::dlsym(RTLD_NEXT, "posix_fallocate"));
  const auto end = static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(bytes);
  if (end > bytes_max.load(std::memory_order_relaxed)) return ENOSPC;
  return allocate(fd, offset, bytes);
}

namespace spine::pipeline {

SmallDisk::~SmallDisk() {
  set_bytes(~std::uint64_t{0});
}

void SmallDisk::set_bytes(std::uint64_t bytes) {
  bytes_max.store(bytes, std::memory_order_relaxed);
}

}  // namespace spine::pipeline
