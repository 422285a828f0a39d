// StateSearch: at which event a predicate over the state comes to hold.
#pragma once

#include <cstdio>
#include <functional>
#include <optional>
#include <vector>

#include "engine/core/base/bisection.h"
#include "engine/core/model/state.h"
#include "engine/core/predicate/predicate.h"
#include "replay/checkpoints.h"
#include "replay/timeline.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

// Bad is where the predicate holds. Thread: one. All that is given outlives it.
class StateSearch {
 public:
  StateSearch(Timeline& timeline, const core::Predicate& predicate)
      : timeline_(timeline), predicate_(predicate), checkpoints_(timeline) {}

  // Whether it holds after the event `at`; 0 = before the first. Folds there.
  Result<core::Verdict> verdict_at(Seq at);

  // Halves until the first event after which it holds is found. told(bisection, mark) is called
  // after each test. Each test costs at most the fold from the last good state, and a short range
  // at the end is folded once. REQUIRES: the verdicts of the ends are known.
  using Told = std::function<void(const core::Bisection&, core::Mark)>;
  Result<Seq> halve(core::Bisection& bisection, const Told& told);

  // Looks after every event behind `from`, up to `upto`: the first after which it holds while it
  // did not before. Nothing when there is none.
  Result<std::optional<Seq>> first_turn(Seq from, Seq upto);

 private:
  core::Verdict verdict() const;
  // Verdicts after each of the events behind good() and before bad(), in one fold.
  Result<std::vector<core::Verdict>> verdicts_between(const core::Bisection& bisection);

  Timeline& timeline_;
  const core::Predicate& predicate_;
  Checkpoints checkpoints_;
  core::State state_{};
  std::uint64_t ask_ns_{1};  // what the last question took
};

}  // namespace spine::replay
