// TimeScale: stretches of linear time, gaps between them.
#include "replay/trace/time_scale.h"

#include <algorithm>
#include <array>

namespace spine::replay {
namespace {

constexpr double kGapWidth = 64;
constexpr double kStretchWidthMin = 28;
constexpr double kFixedShareMax = 0.7;  // of the whole, for gaps and least widths

// Steps that people count in.
constexpr std::array<std::uint64_t, 27> kTickSteps{1,
                                                   2,
                                                   5,
                                                   10,
                                                   20,
                                                   50,
                                                   100,
                                                   200,
                                                   500,
                                                   1'000,
                                                   2'000,
                                                   5'000,
                                                   10'000,
                                                   30'000,
                                                   60'000,
                                                   120'000,
                                                   300'000,
                                                   600'000,
                                                   1'800'000,
                                                   3'600'000,
                                                   7'200'000,
                                                   21'600'000,
                                                   43'200'000,
                                                   86'400'000,
                                                   604'800'000,
                                                   2'592'000'000,
                                                   31'536'000'000};

}  // namespace

TimeScale::TimeScale(const std::vector<std::uint64_t>& times, std::uint64_t quiet_ms, double left,
                     double right) {
  stretches_.push_back({.first = times.front(), .last = times.front()});
  for (const std::uint64_t time : times) {
    const std::uint64_t pause = time - stretches_.back().last;
    if (pause >= quiet_ms) {
      gaps_.push_back({.ms = pause});
      stretches_.push_back({.first = time, .last = time});
    }
    stretches_.back().last = time;
  }
  place(left, right);
}

void TimeScale::place(double left, double right) {
  const double width = right - left;
  const auto gap_count = static_cast<double>(gaps_.size());
  const auto stretch_count = static_cast<double>(stretches_.size());
  const double wished = gap_count * kGapWidth + stretch_count * kStretchWidthMin;
  const double shrink = std::min(1.0, wished == 0 ? 1.0 : width * kFixedShareMax / wished);
  double spent = 0;
  for (const Stretch& stretch : stretches_)
    spent += static_cast<double>(stretch.last - stretch.first);
  const double free = std::max(0.0, width - wished * shrink);
  double x = left;
  for (std::size_t i = 0; i < stretches_.size(); ++i) {
    Stretch& stretch = stretches_[i];
    const auto length = static_cast<double>(stretch.last - stretch.first);
    const double share = spent > 0 ? free * length / spent : 0;
    stretch.left = x;
    stretch.right = x + (length > 0 ? kStretchWidthMin * shrink + share : 0);
    x += kStretchWidthMin * shrink + share;
    if (i == gaps_.size()) break;
    gaps_[i].left = length > 0 ? stretch.right : stretch.left + kStretchWidthMin * shrink / 2;
    x += kGapWidth * shrink;
    gaps_[i].right = x;
  }
}

double TimeScale::x_of(std::uint64_t ms) const {
  for (const Stretch& stretch : stretches_) {
    if (ms > stretch.last) continue;
    if (ms <= stretch.first) return stretch.left;
    const double part =
        static_cast<double>(ms - stretch.first) / static_cast<double>(stretch.last - stretch.first);
    return stretch.left + part * (stretch.right - stretch.left);
  }
  return stretches_.back().right;
}

std::vector<TimeScale::Tick> TimeScale::ticks(double apart) const {
  std::vector<Tick> ticks;
  const auto add = [&](std::uint64_t ms) {
    const double x = x_of(ms);
    if (ticks.empty() || x >= ticks.back().x + apart) ticks.push_back({.x = x, .ms = ms});
  };
  for (const Stretch& stretch : stretches_) {
    add(stretch.first);
    const double width = stretch.right - stretch.left;
    const auto length = static_cast<double>(stretch.last - stretch.first);
    if (width < apart || length == 0) continue;
    for (const std::uint64_t step : kTickSteps) {
      if (static_cast<double>(step) / length * width < apart) continue;
      const std::uint64_t origin = stretch.first;
      for (std::uint64_t steps = 1; steps <= (stretch.last - origin) / step; ++steps)
        add(origin + steps * step);
      break;
    }
  }
  return ticks;
}

}  // namespace spine::replay
