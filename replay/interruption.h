// Interruption: the wish of whoever started a verb, or reads its output, that it should end.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdio>

namespace spine::replay {

// While it lives Ctrl-C and SIGTERM do not end the process, and neither does writing into a pipe
// that nobody reads: they are asked about instead. Thread: one, and one object at a time.
class Interruption {
 public:
  // `out`: what the verb writes to.
  explicit Interruption(std::FILE* out);
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Whether the verb is to end: a signal came, or nobody can read `out` any more.
  bool requested();
  // Waits until then, or until requested(). Returns requested().
  bool wait_until(std::chrono::steady_clock::time_point then);

 private:
  struct sigaction int_before_ {};
  struct sigaction term_before_ {};
  struct sigaction pipe_before_ {};
  int fd_;  // of `out`; -1 = it has none
  bool closed_{};
};

}  // namespace spine::replay
