// TimeScale: times on a line of a picture, on which long times without anything are short.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spine::replay {

class TimeScale {
 public:
  // A time in which nothing happened, drawn short.
  struct Gap {
    double left{};
    double right{};
    std::uint64_t ms{};  // how long it was
  };
  struct Tick {
    double x{};
    std::uint64_t ms{};
  };

  // Of `times` (ms, ascending, not empty) between two places. A pause of `quiet_ms` or more is a
  // gap; between gaps the scale is linear.
  TimeScale(const std::vector<std::uint64_t>& times, std::uint64_t quiet_ms, double left,
            double right);

  // REQUIRES: the time is between the first and the last.
  double x_of(std::uint64_t ms) const;
  const std::vector<Gap>& gaps() const { return gaps_; }
  // At least `apart` from each other.
  std::vector<Tick> ticks(double apart) const;

 private:
  // A stretch of time with something in it.
  struct Stretch {
    std::uint64_t first{};
    std::uint64_t last{};
    double left{};
    double right{};
  };
  void place(double left, double right);

  std::vector<Stretch> stretches_{};
  std::vector<Gap> gaps_{};
};

}  // namespace spine::replay
