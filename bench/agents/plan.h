// Plan: what one run of spine-bench-runs does, from the command line.
#pragma once

#include <cstdint>

#include "bench/load/options.h"

namespace spine::bench {

struct Plan {
  Options load{};                // address, token, run id, server's pid
  std::uint32_t connections{1};  // each has the sessions whose number it is, modulo connections
  std::uint32_t sessions{1};
  std::uint32_t depth{1};       // messages in flight per connection
  std::uint32_t warm_depth{1};  // the same before measuring
  std::uint32_t agents{0};      // ids a0, a1, ... in turn; 0 = main
  std::uint32_t pieces{1};      // of each answer
  std::uint32_t rate{0};        // pieces per second; 0 = all at once
  std::uint64_t warm{0};        // messages before measuring, answered in one piece
  std::uint64_t count{1};       // messages measured
  bool echo{};                  // the agent is the echo agent: nothing is counted by it
};

// What the present messages ask of the agent, and how many of them may still be sent.
struct Phase {
  std::uint32_t pieces{1};
  std::uint32_t rate{0};
  std::uint32_t depth{1};
  std::uint64_t to_send{0};
};

}  // namespace spine::bench
