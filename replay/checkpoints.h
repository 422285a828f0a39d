// Checkpoints: states kept in memory, so that going back on a timeline costs a short fold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "engine/core/model/state.h"
#include "replay/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Bounded: the first that was kept makes room for the next one, and a state beyond the bound is not
// kept, which costs time and nothing else. Thread: one. The timeline outlives it.
class Checkpoints {
 public:
  static constexpr std::size_t kKeptMax = 32;
  static constexpr std::size_t kBytesMax = std::size_t{512} << 20U;

  explicit Checkpoints(Timeline& timeline) : timeline_(timeline) {}

  // Makes `state` the one after `at`, from the nearest of: the state itself, a kept one, a snapshot
  // of the timeline. Errors: as Timeline::state_at().
  Status reach(Seq at, core::State& state);
  void keep(const core::State& state);

 private:
  struct Kept {
    Seq seq{};
    std::vector<std::uint64_t> words{};  // a snapshot; 8-aligned
    std::size_t bytes{};
  };
  const Kept* nearest(Seq at) const;

  Timeline& timeline_;
  std::deque<Kept> kept_{};
  std::size_t bytes_{};
};

}  // namespace spine::replay
