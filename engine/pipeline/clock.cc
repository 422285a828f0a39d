// Clock reading and the rule that carries logical time over a restart.
#include "engine/pipeline/clock.h"

#include <algorithm>
#include <sys/random.h>
#include <time.h>

#include "journal/boot_id.h"
#include "schemas/vocab/check.h"

namespace spine::pipeline {
namespace {

timespec read_clock(clockid_t id) {
  timespec ts{};
  SPINE_CHECK(::clock_gettime(id, &ts) == 0);
  return ts;
}

}  // namespace

std::int64_t wall_now_ms() {
  const timespec ts = read_clock(CLOCK_REALTIME);
  return std::int64_t{ts.tv_sec} * 1000 + ts.tv_nsec / 1'000'000;
}

std::uint64_t boottime_now_ms() {
  const timespec ts = read_clock(CLOCK_BOOTTIME);
  return static_cast<std::uint64_t>(ts.tv_sec) * 1000 +
         static_cast<std::uint64_t>(ts.tv_nsec) / 1'000'000;
}

std::uint64_t monotonic_now_us() {
  const timespec ts = read_clock(CLOCK_MONOTONIC);
  return static_cast<std::uint64_t>(ts.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(ts.tv_nsec) / 1000;
}

Bits128 random128() {
  Bits128 value{};
  SPINE_CHECK(::getrandom(&value, sizeof(value), 0) == static_cast<ssize_t>(sizeof(value)));
  return value;
}

void LogicalClock::start(const core::EngineMemory& memory, Instant last) {
  const std::uint64_t boottime = boottime_now_ms();
  const bool same_boot = memory.boot_id && memory.boot_id == journal::boot_id();
  std::uint64_t logical = last.logical_ms;
  if (same_boot && boottime >= memory.boottime_ms) {
    logical = memory.start_logical_ms + (boottime - memory.boottime_ms);
  } else if (last.wall_ms != 0) {
    const std::int64_t passed = wall_now_ms() - last.wall_ms;
    if (passed > 0) logical += static_cast<std::uint64_t>(passed);
  }
  floor_ms_ = std::max(logical, last.logical_ms);
  base_ms_ = floor_ms_ - boottime;
}

Instant LogicalClock::now() const {
  return {.wall_ms = wall_now_ms(),
          .logical_ms = std::max(floor_ms_, base_ms_ + boottime_now_ms())};
}

}  // namespace spine::pipeline
