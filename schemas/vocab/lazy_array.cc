// LazyMemory by mmap: pages appear, zeroed, when they are first written.
#include "schemas/vocab/lazy_array.h"

#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

namespace spine {

namespace {

// Below this a large page would cost more than it saves.
constexpr std::size_t kLargePagesFrom = std::size_t{4} << 20;

}  // namespace

LazyMemory::LazyMemory(std::size_t bytes, MemoryUse use) {
  if (bytes == 0) return;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    std::fprintf(stderr,
                 "spine: the system refused to reserve %zu bytes of address space for a table. "
                 "Raise the limit of virtual memory (ulimit -v).\n",
                 bytes);
    std::abort();
  }
  data_ = {data, Unmap{bytes}};
  // Only a hint: without large pages everything works the same.
  if (use == MemoryUse::all_over && bytes >= kLargePagesFrom) madvise(data, bytes, MADV_HUGEPAGE);
}

void LazyMemory::Unmap::operator()(void* data) const {
  munmap(data, bytes);
}

}  // namespace spine
