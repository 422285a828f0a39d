// Progress: a line on a terminal that says how far long work has come.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace spine::replay {

// Nothing is printed when `to` is no terminal, nor in the first half second. Thread: one.
class Progress {
 public:
  // `what`: what is being done, e.g. "folding". `from` and `upto`: where it begins and ends.
  Progress(std::FILE* to, std::string what, std::uint64_t from, std::uint64_t upto);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Call it as often as you like.
  void at(std::uint64_t place);
  // Takes the line away; at() brings it back.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::FILE* to_;
  std::string what_;
  std::uint64_t from_;
  std::uint64_t upto_;
  bool terminal_;
  bool shown_{};
  Clock::time_point started_{Clock::now()};
  Clock::time_point due_;
};

}  // namespace spine::replay
