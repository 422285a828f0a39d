// SPINE_CHECK: an assertion that stays on in release. A wrong state must not reach the journal.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace spine {

// Prints the place and the condition to stderr and aborts. Thread: any.
[[noreturn, gnu::cold, gnu::noinline]] inline void check_failed(const char* condition,
                                                                const char* file, int line) {
  std::fprintf(stderr, "spine: internal error at %s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace spine

#define SPINE_CHECK(condition)                               \
  do {                                                       \
    if (!(condition)) [[unlikely]] {                         \
      ::spine::check_failed(#condition, __FILE__, __LINE__); \
    }                                                        \
  } while (false)
