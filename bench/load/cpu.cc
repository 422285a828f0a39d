// CPU time of a process and of this thread.
#include "bench/load/cpu.h"

#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace spine::bench {
namespace {

std::uint64_t nanoseconds(const timespec& t) {
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace

std::uint64_t process_cpu_ns(std::uint32_t pid) {
  std::uint64_t sum = 0;
  std::error_code error;
  const std::filesystem::path tasks = "/proc/" + std::to_string(pid) + "/task";
  for (std::filesystem::directory_iterator it{tasks, error}, end; !error && it != end;
       it.increment(error)) {
    std::ifstream file{it->path() / "schedstat"};
    std::uint64_t running = 0;
    if (file >> running) sum += running;
  }
  return sum;
}

std::uint64_t thread_cpu_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return nanoseconds(now);
}

std::int64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(nanoseconds(now));
}

}  // namespace spine::bench
