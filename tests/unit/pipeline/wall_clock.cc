// Stands in front of the C library's clock_gettime: the linker finds the program's own first.
#include "tests/unit/pipeline/wall_clock.h"

#include <atomic>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr long kNsPerMs = 1'000'000;
constexpr long kNsPerSecond = 1'000'000'000;

std::atomic<std::int64_t> ahead_ms{0};

}  // namespace

extern "C" int clock_gettime(clockid_t id, timespec* time) noexcept {
  const long done = ::syscall(SYS_clock_gettime, id, time);
  if (done != 0 || id != CLOCK_REALTIME) return static_cast<int>(done);
  const std::int64_t ms = ahead_ms.load(std::memory_order_relaxed);
  time->tv_sec += ms / 1'000;
  time->tv_nsec += static_cast<long>(ms % 1'000) * kNsPerMs;
  if (time->tv_nsec < 0) {
    time->tv_nsec += kNsPerSecond;
    --time->tv_sec;
  } else if (time->tv_nsec >= kNsPerSecond) {
    time->tv_nsec -= kNsPerSecond;
    ++time->tv_sec;
  }
  return 0;
}

namespace spine::pipeline {

void WallClock::set_ahead_by(std::int64_t ms) {
  ahead_ms.store(ms, std::memory_order_relaxed);
}

}  // namespace spine::pipeline
