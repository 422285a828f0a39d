// CPU time of a process and of this thread.
#pragma once

#include <cstdint>

namespace spine::bench {

// Nanoseconds of CPU that all threads of the process have used, from /proc/<pid>/task/*/schedstat;
// threads that ended meanwhile are not in it. 0 when it cannot be read.
std::uint64_t process_cpu_ns(std::uint32_t pid);

// Nanoseconds of CPU of the calling thread.
std::uint64_t thread_cpu_ns();

// Nanoseconds of the monotonic clock.
std::int64_t monotonic_ns();

}  // namespace spine::bench
