// Reaching a state by the nearest snapshot, and a moment by halving.
#include "replay/timeline/timeline.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/core/model/snapshot.h"
#include "journal/boot_id.h"
#include "replay/timeline/session_blocks.h"
#include "schemas/vocab/show.h"

namespace spine::replay {

Result<Timeline> Timeline::open(const std::filesystem::path& state_dir) {
  SPINE_TRY(journal::Reader reader, journal::Reader::open_read_only(state_dir / "journal"));
  return Timeline(std::move(reader), journal::SnapshotStore::look_at(state_dir / "snapshots"),
                  state_dir / "index");
}

journal::IndexReader* Timeline::index() {
  // Whoever was given it before may still ask it, so it stays, also when it is used no more.
  if (index_) return index_->refresh(reader_) ? &*index_ : nullptr;
  auto opened = journal::IndexReader::open(index_dir_, journal::boot_id(), reader_);
  return opened ? &index_.emplace(std::move(*opened)) : nullptr;
}

Seq Timeline::forward(Seq at, SessionBlocks* where) {
  return where == nullptr ? at : where->at_or_after(at);
}

Seq Timeline::backward(Seq at, SessionBlocks* where) {
  return where == nullptr ? at : where->at_or_before(at);
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
  const auto file = next(seq) == first() ? snapshot_before_first() : store_.load_of(seq, reader_);
  if (!file || !core::load_snapshot(file->payload(), loaded) || loaded.applied() != seq) {
    return false;
  }
  state = std::move(loaded);
  return true;
}

// The block that holds its event is not there: the first one names it.
Result<journal::LoadedSnapshot> Timeline::snapshot_before_first() {
  SPINE_TRY(journal::LoadedSnapshot loaded, store_.load(Seq{first().value - 1}, epoch()));
  SPINE_TRY(const journal::BlockView block, reader_.block_of(first()));
  if (block.header().previous == loaded.block) return loaded;
  return Error{Errc::corrupt, "it is not of the block that the first one follows"};
}

Error Timeline::without_beginning() {
  return Error{Errc::corrupt,
               fmt::format("The journal begins at #{}, and the state before it, {}, is missing or "
                           "damaged. Without it only the events can be looked at (`spine journal "
                           "dump`); ask for the bundle again.",
                           first().value, store_.path_of(Seq{first().value - 1}).string())};
}

Status Timeline::state_at(Seq at, core::State& state) {
  if (at > last()) SPINE_TRY_STATUS(reader_.renew());
  if (at > last() || next(at) < first()) return beyond(at);
  if (state.applied() > at) state = core::State{};
  const std::vector<Seq> seqs = store_.list();
  for (auto seq = seqs.rbegin(); seq != seqs.rend(); ++seq) {
    if (*seq > at) continue;
    if (*seq <= state.applied() || load_snapshot(*seq, state)) break;
  }
  if (next(state.applied()) < first()) return without_beginning();
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
