// Reaching a state by the nearest snapshot, and a moment by halving.
#include "replay/timeline.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/core/model/snapshot.h"
#include "schemas/vocab/show.h"

namespace spine::replay {
Result<Timeline> Timeline::open(const std::filesystem::path& state_dir) {
  SPINE_TRY(journal::Reader reader, journal::Reader::open_read_only(state_dir / "journal"));
  return Timeline(std::move(reader), journal::SnapshotStore::look_at(state_dir / "snapshots"));
}

Status Timeline::step(Seq reached) {
  if (told_) told_(reached);
  const auto now = std::chrono::steady_clock::now();
  if (now - renewed_ < journal::kRenewEvery) return ok();
  renewed_ = now;
  return reader_.renew();
}

Status Timeline::unfoldable(const EventView& event) const {
  const Error why = unreadable_event(event);
  return Error{why.code, fmt::format("The journal cannot be folded: {}. {}", why.message,
                                     why.code == Errc::newer_format
                                         ? "Install the version that wrote it or a later one."
                                         : "`spine journal verify` names every damaged place.")};
}

Error Timeline::beyond(Seq seq) {
  if (!last()) return Error{Errc::not_found, "The journal is empty."};
  const auto from = time_of(first());
  const auto to = time_of(last());
  return Error{Errc::not_found,
               fmt::format("Event #{} is not in the journal: it holds #{} ({}) to #{} ({}).",
                           seq.value, first().value, from ? show_time(*from) : "?", last().value,
                           to ? show_time(*to) : "?")};
}

bool Timeline::load_snapshot(Seq seq, core::State& state) {
  core::State loaded;
  const auto file = store_.load_of(seq, reader_);
  if (!file || !core::load_snapshot(file->payload(), loaded) || loaded.applied() != seq) {
    return false;
  }
  state = std::move(loaded);
  return true;
}

Status Timeline::state_at(Seq at, core::State& state) {
  if (at > last()) SPINE_TRY_STATUS(reader_.renew());
  if (at > last()) return beyond(at);
  if (state.applied() > at) state = core::State{};
  const std::vector<Seq> seqs = store_.list();
  for (auto seq = seqs.rbegin(); seq != seqs.rend(); ++seq) {
    if (*seq > at) continue;
    if (*seq <= state.applied() || load_snapshot(*seq, state)) break;
  }
  return fold_to(at, state);
}

Result<std::int64_t> Timeline::time_of(Seq seq) {
  SPINE_TRY(const journal::BlockView block, reader_.block_of(seq));
  return block.event(static_cast<std::uint32_t>(seq.value - block.first().value)).header.wall_ms;
}

// Between `before`, where the clock shows no more than `wall_ms`, and `after`, where it shows more,
// there is a moment at which it passed it: that holds for any clock.
Result<Seq> Timeline::seq_at(std::int64_t wall_ms) {
  if (!last()) return Error{Errc::not_found, "The journal is empty."};
  SPINE_TRY(const std::int64_t latest, time_of(last()));
  if (latest <= wall_ms) return last();
  Seq before{first().value - 1};
  Seq after = last();
  while (next(before) < after) {
    const Seq middle{before.value + (after.value - before.value) / 2};
    SPINE_TRY(const std::int64_t shown, time_of(middle));
    (shown <= wall_ms ? before : after) = middle;
  }
  return before;
}

}  // namespace spine::replay
