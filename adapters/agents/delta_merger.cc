// DeltaMerger: one timer for all runs.
#include "adapters/agents/delta_merger.h"

#include <algorithm>

#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

// More waiting bytes of one run are sent without waiting for the timer.
constexpr std::size_t kWaitingBytesMax = 64 * limits::kKiB;

}  // namespace

DeltaMerger::DeltaMerger(event_base* base, Answers& answers)
    : answers_(answers), timer_(base, [this] { flush(); }) {}

DeltaMerger::Open* DeltaMerger::find(RunId run) {
  const auto found = std::ranges::find(open_, run, &Open::run);
  return found == open_.end() ? nullptr : &*found;
}

void DeltaMerger::add(RunId run, std::string_view piece) {
  if (piece.empty()) return;
  Open* open = find(run);
  if (open == nullptr) {
    answers_.delta(run, piece);
    open_.push_back({.run = run});
    return;
  }
  open->waiting.append(piece);
  if (open->waiting.size() >= kWaitingBytesMax) {
    answers_.delta(run, open->waiting);
    open->waiting.clear();
    return;
  }
  if (!timer_.runs()) timer_.start(loop::in_ms(limits::kDeltaMergeMs));
}

void DeltaMerger::end(RunId run) {
  const Open* open = find(run);
  if (open == nullptr) return;
  if (!open->waiting.empty()) answers_.delta(run, open->waiting);
  drop(run);
}

void DeltaMerger::drop(RunId run) {
  std::erase_if(open_, [run](const Open& open) { return open.run == run; });
}

void DeltaMerger::flush() {
  for (Open& open : open_) {
    if (open.waiting.empty()) continue;
    answers_.delta(open.run, open.waiting);
    open.waiting.clear();
  }
}

}  // namespace spine::agents
