// Tally: what the clients saw, and what the gateway used meanwhile.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bench/agents/plan.h"
#include "bench/load/histogram.h"

namespace spine::bench {

// CPU time so far, in nanoseconds, by the name of the thread; threads of one name together.
using ThreadTimes = std::map<std::string, std::uint64_t>;
ThreadTimes thread_times(std::uint32_t pid);

struct Tally {
  std::int64_t now_ns{};  // of this turn
  std::uint64_t answered{};
  std::uint64_t frames{};  // every text frame
  std::uint64_t bytes{};
  std::uint64_t own_deltas{};    // chat deltas of a session of the connection that got them
  std::uint64_t other_deltas{};  // ... of another connection's session
  std::uint64_t moves{};         // answers from another process than the session's last one
  Histogram round_trip{};
  Histogram first_delta{};
  Histogram delta_gap{};                                         // between two deltas of one answer
  std::map<std::string, std::uint64_t, std::less<>> switches{};  // by the mark of a process
  std::uint64_t switches_before{};
  std::string error{};  // the first thing that went wrong; empty = all went well

  void fail(std::string_view why) {
    if (error.empty()) error = why;
  }
  std::uint64_t all_switches() const;
  // From now on it is measured: what was counted is forgotten, what processes said is not.
  void start_over();
};

// One line of JSON. `seconds`: of the measured part; `before`, `after`: around it.
std::string to_json(const Plan& plan, const Tally& tally, double seconds, const ThreadTimes& before,
                    const ThreadTimes& after);

}  // namespace spine::bench
