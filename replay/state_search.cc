// Halving and walking over states.
#include "replay/state_search.h"

#include <algorithm>
#include <chrono>

#include "engine/core/predicate/state_facts.h"

namespace spine::replay {
namespace {

using Clock = std::chrono::steady_clock;

// A range whose questions take less than this is folded once, instead of going back again and again
// to its beginning. The answers are the same: only when they are asked for differs.
constexpr std::uint64_t kOnePassNs = 50'000'000;
constexpr std::uint64_t kOnePassEventsMax = 65'536;
// Events from one look at whether it is found to the next.
constexpr std::uint64_t kStretch = 4096;

}  // namespace

core::Verdict StateSearch::verdict() const {
  return predicate_.holds(core::StateFacts(state_)) ? core::Verdict::bad : core::Verdict::good;
}

Result<core::Verdict> StateSearch::verdict_at(Seq at) {
  SPINE_TRY_STATUS(checkpoints_.reach(at, state_));
  const auto start = Clock::now();
  const core::Verdict said = verdict();
  const auto took = std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start);
  ask_ns_ = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(took.count()));
  if (said == core::Verdict::good) checkpoints_.keep(state_);
  return said;
}

Result<std::vector<core::Verdict>> StateSearch::verdicts_between(const core::Bisection& bisection) {
  std::vector<core::Verdict> verdicts;
  SPINE_TRY_STATUS(checkpoints_.reach(bisection.good(), state_));
  // Before an event is folded, the state is the one after the event before it.
  SPINE_TRY_STATUS(timeline_.fold_to(bisection.bad(), state_, [&](const EventView&) {
    if (state_.applied() > bisection.good()) verdicts.push_back(verdict());
  }));
  return verdicts;
}

Result<Seq> StateSearch::halve(core::Bisection& bisection, const Told& told) {
  std::vector<core::Verdict> known;
  Seq known_from;
  while (const auto at = bisection.next()) {
    const std::uint64_t events = bisection.bad().value - bisection.good().value;
    if (known.empty() && events <= kOnePassEventsMax && events * ask_ns_ <= kOnePassNs) {
      known_from = next(bisection.good());
      SPINE_TRY(known, verdicts_between(bisection));
    }
    core::Mark mark{.seq = *at};
    if (known.empty()) {
      SPINE_TRY(mark.verdict, verdict_at(*at));
    } else {
      mark.verdict = known[at->value - known_from.value];
    }
    bisection.mark(mark);
    told(bisection, mark);
  }
  return bisection.bad();
}

Result<std::optional<Seq>> StateSearch::first_turn(Seq from, Seq upto) {
  SPINE_TRY_STATUS(checkpoints_.reach(from, state_));
  bool held = true;  // what holds from the start has not turned
  std::optional<Seq> turn;
  const auto look = [&] {
    if (turn) return;
    const bool holds = verdict() == core::Verdict::bad;
    if (holds && !held) turn = state_.applied();
    held = holds;
  };
  while (!turn && state_.applied() < upto) {
    const Seq stop{std::min(upto.value, state_.applied().value + kStretch)};
    SPINE_TRY_STATUS(timeline_.fold_to(stop, state_, [&](const EventView&) { look(); }));
  }
  look();
  return turn;
}

}  // namespace spine::replay
