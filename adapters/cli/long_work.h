// LongWork: Ctrl-C that is noticed between two steps, and how far the work is.
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

// While it lives, SIGINT, SIGTERM and SIGHUP do not end the process but make go_on() say no, so
// that what is half done can be cleared away; it then ends as an error, with exit code 1. On a
// terminal it shows one line on standard error. Thread: main, one at a time.
class LongWork {
 public:
  LongWork();
  ~LongWork();
  LongWork(const LongWork&) = delete;
  LongWork& operator=(const LongWork&) = delete;

  // Cheap: call it for every block. `what`: "Copying the journal". False: stop.
  bool go_on(std::string_view what, std::uint64_t done, std::uint64_t all);
  // What stopped work returns.
  static Error stopped();

 private:
  void show(std::string_view what, std::uint64_t done, std::uint64_t all);
  void clear();

  sigset_t before_{};
  bool terminal_{};
  bool shown_{};
  std::chrono::steady_clock::time_point due_{};  // the next look at signals and clock
};

}  // namespace spine::cli
