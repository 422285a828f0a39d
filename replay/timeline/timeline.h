// Timeline: a journal and its snapshots, as one line of events on which any state can be reached.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "engine/core/model/evolve.h"
#include "engine/core/model/state.h"
#include "journal/index_reader.h"
#include "journal/reader.h"
#include "journal/snapshots.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"
#include "schemas/vocab/result.h"

namespace spine::replay {

class SessionBlocks;

// Reads only: creates and deletes nothing. While it walks it renews the read transaction, because a
// pinned reader makes the file of a live journal grow; views of events are borrowed until the walk
// goes on to the next block, or the reader is renewed. A bundle's journal begins later than #1,
// with the state right before its first event as a snapshot. Errors: Errc::not_found beyond the
// ends, what the reader finds damaged, and events that this program cannot read, all with a message
// that says what to do. Thread: one.
class Timeline {
 public:
  static Result<Timeline> open(const std::filesystem::path& state_dir);

  journal::Reader& reader() { return reader_; }
  // The first and the last event that the reader sees; 0 = there are none.
  Seq first() const { return reader_.first(); }
  Seq last() const { return reader_.last(); }
  // 0, and in a bundle the event whose state it brings along.
  Seq before_first() const { return Seq{first() ? first().value - 1 : 0}; }
  Bits128 epoch() const { return reader_.epoch(); }

  // Called with the seq reached, at least once a block, on the way through long walks.
  void on_progress(std::function<void(Seq)> told) { told_ = std::move(told); }

  // Makes `state` the one after the event `at`; first()-1 = before the first. Goes on from the
  // snapshot or from `state` itself, whichever is the nearest before it.
  Status state_at(Seq at, core::State& state);
  // Folds `state` on up to `at`, without snapshots. before(event) is called before each is folded.
  // REQUIRES: state.applied() <= at.
  template <class Before>
  Status fold_to(Seq at, core::State& state, Before before);
  Status fold_to(Seq at, core::State& state) {
    return fold_to(at, state, [](const EventView&) {});
  }

  // Calls each(event) for the events `from` to `upto`, both included and cut to what there is, in
  // order, until it returns false. Their blocks are verified; whether the event itself is readable
  // is left to the caller (event_is_readable), who may look at its header before. With `where`,
  // blocks without events of its session are passed over; other events are shown all the same.
  template <class Each>
  Status for_each_event(Seq from, Seq upto, Each each, SessionBlocks* where = nullptr);
  // The same from `from` back to `downto`, the latest first.
  template <class Each>
  Status for_each_event_back(Seq from, Seq downto, Each each, SessionBlocks* where = nullptr);
  // For walks of another kind, before each block: renews the reader if it is time to, and tells the
  // progress.
  Status step(Seq reached);

  // The event, if this program can read it.
  Result<EventView> event(Seq seq) { return reader_.event_at(seq); }
  // The wall clock, in ms, at the event.
  Result<std::int64_t> time_of(Seq seq);
  // The last event before the clock passed `wall_ms`; 0 = that was before the first event. Where
  // the clock was set back it may show a time more than once: one of those moments is found.
  Result<Seq> seq_at(std::int64_t wall_ms);

  // Why folding ends at an event that this program cannot read, and what to do.
  Status unfoldable(const EventView& event) const;

  // Snapshots that can be used, ascending, by name alone: state_at() checks the one that it takes.
  std::vector<Seq> snapshots() const { return store_.list(); }

  // The index of the gateway whose journal it is, as far as it has come now; nothing when there is
  // none that can be used. Valid as long as the timeline. May renew the reader.
  journal::IndexReader* index();

 private:
  Timeline(journal::Reader reader, journal::SnapshotStore store, std::filesystem::path index_dir)
      : reader_(std::move(reader)), store_(std::move(store)), index_dir_(std::move(index_dir)) {}
  bool load_snapshot(Seq seq, core::State& state);
  Result<journal::LoadedSnapshot> snapshot_before_first();
  // Where a walk goes on that has come to `at`.
  static Seq forward(Seq at, SessionBlocks* where);
  static Seq backward(Seq at, SessionBlocks* where);
  Error beyond(Seq seq);
  Error without_beginning();

  journal::Reader reader_;
  journal::SnapshotStore store_;
  std::filesystem::path index_dir_;
  std::optional<journal::IndexReader> index_{};
  std::function<void(Seq)> told_{};
  std::chrono::steady_clock::time_point renewed_{std::chrono::steady_clock::now()};
};

template <class Before>
Status Timeline::fold_to(Seq at, core::State& state, Before before) {
  while (state.applied() < at) {
    SPINE_TRY_STATUS(step(state.applied()));
    if (at > last()) return beyond(at);
    SPINE_TRY(const journal::BlockView block, reader_.block_of(next(state.applied())));
    const auto from = static_cast<std::uint32_t>(state.applied().value + 1 - block.first().value);
    const std::uint32_t end = at >= block.last()
                                  ? block.count()
                                  : static_cast<std::uint32_t>(at.value + 1 - block.first().value);
    const std::uint32_t folded = core::fold_events(
        state, from, end, [&](std::uint32_t i) { return block.event(i); },
        [&](const EventView& event) {
          before(event);
          core::evolve(state, event);
        });
    if (folded != end) return unfoldable(block.event(folded));
  }
  return ok();
}

template <class Each>
Status Timeline::for_each_event(Seq from, Seq upto, Each each, SessionBlocks* where) {
  Seq at = std::max(from, first());
  while (at && at <= std::min(upto, last())) {
    SPINE_TRY_STATUS(step(at));
    at = forward(at, where);
    if (at > std::min(upto, last())) break;
    SPINE_TRY(const journal::BlockView block, reader_.block_of(at));
    for (std::uint64_t seq = at.value; seq <= std::min(block.last(), upto).value; ++seq)
      if (!each(block.event(static_cast<std::uint32_t>(seq - block.first().value)))) return ok();
    at = next(block.last());
  }
  return ok();
}

template <class Each>
Status Timeline::for_each_event_back(Seq from, Seq downto, Each each, SessionBlocks* where) {
  Seq at = std::min(from, last());
  const Seq end = std::max(downto, first());
  while (at && at >= end) {
    SPINE_TRY_STATUS(step(at));
    const Seq found = backward(at, where);
    if (!found) break;
    SPINE_TRY(const journal::BlockView block, reader_.block_of(found));
    at = std::min(at, block.last());
    const Seq stop = std::max(block.first(), end);
    for (std::uint64_t seq = at.value; seq >= stop.value; --seq)
      if (!each(block.event(static_cast<std::uint32_t>(seq - block.first().value)))) return ok();
    at = Seq{block.first().value - 1};
  }
  return ok();
}

}  // namespace spine::replay
