// DeltaMerger: one timer for all runs.
#include "adapters/agents/delta_merger.h"

#include <algorithm>

#include "schemas/vocab/check.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

constexpr timeval kMergeTime{0, static_cast<suseconds_t>(limits::kDeltaMergeMs * 1'000)};
// What waits of one run goes out early when it is this much.
constexpr std::size_t kWaitingBytesMax = 64 * limits::kKiB;

}  // namespace

DeltaMerger::DeltaMerger(event_base* base, Answers& answers)
    : answers_(answers), timer_(evtimer_new(base, &DeltaMerger::on_tick, this)) {
  SPINE_CHECK(timer_ != nullptr);
}

DeltaMerger::Open* DeltaMerger::find(RunId run) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [run](const Open& open) { return open.run == run; });
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
  if (armed_) return;
  armed_ = true;
  SPINE_CHECK(evtimer_add(timer_.get(), &kMergeTime) == 0);
}

void DeltaMerger::end(RunId run) {
  const Open* open = find(run);
  if (open == nullptr) return;
  if (!open->waiting.empty()) answers_.delta(run, open->waiting);
  forget(run);
}

void DeltaMerger::drop(RunId run) {
  forget(run);
}

void DeltaMerger::forget(RunId run) {
  std::erase_if(open_, [run](const Open& open) { return open.run == run; });
}

void DeltaMerger::flush() {
  for (Open& open : open_) {
    if (open.waiting.empty()) continue;
    answers_.delta(open.run, open.waiting);
    open.waiting.clear();
  }
}

void DeltaMerger::on_tick(evutil_socket_t, short, void* self) {
  auto* merger = static_cast<DeltaMerger*>(self);
  merger->armed_ = false;
  merger->flush();
}

}  // namespace spine::agents
