// What lies beside the journal, then snapshot plus tail.
#include "engine/pipeline/recovery.h"

#include <algorithm>
#include <fmt/format.h>
#include <string_view>

#include "engine/core/evolve.h"
#include "engine/core/snapshot.h"
#include "journal/ahead.h"
#include "journal/index.h"

namespace spine::pipeline {
namespace {

// A snapshot store as one recovery sees it.
struct Candidates {
  const journal::SnapshotStore& store;
  std::vector<std::string>& notes;

  void not_used(Seq seq, std::string_view why) const {
    notes.push_back(fmt::format("snapshot {} not used: {}", seq.value, why));
  }

  void drop(Seq seq, std::string_view why) const {
    notes.push_back(fmt::format("snapshot {} deleted: {}", seq.value, why));
    if (const Status gone = store.remove(seq); !gone) notes.push_back(gone.error().message);
  }

  // Deletes those that can only be of another journal.
  void drop_foreign(Bits128 epoch, Seq last) const {
    for (const Seq seq : store.list()) {
      if (seq > last) {
        drop(seq, fmt::format("it is ahead of the journal ({})", last.value));
        continue;
      }
      const auto own = store.origin_of(seq);
      if (own && own->epoch != epoch) drop(seq, "it is of another journal (the epochs differ)");
    }
  }
};

// Whatever the index holds can be read from the journal again; a snapshot holds what was lost.
Status put_away(const journal::AheadFile& file, const std::filesystem::path& state_dir) {
  if (file.is_index) return journal::Index::discard(file.path);
  return journal::SnapshotStore::look_at(state_dir / "snapshots").set_aside(file.seq);
}

}  // namespace

Result<Seq> settle_losses(const std::filesystem::path& state_dir, Bits128 boot, bool accept_loss,
                          journal::Reader& reader, std::vector<std::string>& notes) {
  SPINE_TRY(const auto ahead, journal::find_ahead(state_dir, boot, reader));
  if (ahead.empty()) return Seq{};
  const std::string what = journal::ahead_text(ahead, reader.last());
  if (!accept_loss) {
    return Error{Errc::corrupt,
                 fmt::format("{} Bring back a backup of the whole state directory {}, or go on "
                             "without what is missing: spine start --accept-loss",
                             what, state_dir.string())};
  }
  Seq lost;
  for (const journal::AheadFile& file : ahead) {
    SPINE_TRY_STATUS(put_away(file, state_dir));
    lost = std::max(lost, file.seq);
  }
  notes.push_back(
      fmt::format("{} As asked for by --accept-loss this is gone on without: such "
                  "snapshots are renamed to *.lost, the index is made again",
                  what));
  return lost;
}

Seq load_latest_snapshot(const journal::SnapshotStore& store, journal::Reader& reader,
                         core::State& state, std::vector<std::string>& notes) {
  if (const Status renewed = reader.renew(); !renewed) {
    notes.push_back(renewed.error().message);
    return Seq{};
  }
  const Candidates candidates{store, notes};
  candidates.drop_foreign(reader.epoch(), reader.last());
  const std::vector<Seq> seqs = store.list();
  for (auto it = seqs.rbegin(); it != seqs.rend(); ++it) {
    const auto loaded = store.load(*it, reader.epoch());
    const auto block = reader.block_of(*it);
    if (!loaded || !block) {
      candidates.not_used(*it, (loaded ? block.error() : loaded.error()).message);
      continue;
    }
    if (block->sha256() != loaded->block) {
      candidates.not_used(*it, "the journal has another history up to it");
      continue;
    }
    const Status restored = core::load_snapshot(loaded->payload(), state);
    if (restored && state.applied() == *it) return *it;
    state = core::State{};
    candidates.not_used(*it, restored ? "it holds the state of another event"
                                      : std::string_view{restored.error().message});
  }
  return Seq{};
}

Result<std::uint64_t> fold_rest(journal::Reader& reader, core::State& state) {
  SPINE_TRY_STATUS(reader.renew());
  std::uint64_t folded = 0;
  if (reader.last().value <= state.applied().value) return folded;
  SPINE_TRY(journal::BlockView block, reader.block_of(next(state.applied())));
  while (true) {
    const std::uint64_t skip = state.applied().value + 1 - block.first().value;
    const std::uint32_t end = core::fold_events(
        state, static_cast<std::uint32_t>(skip), block.count(),
        [&](std::uint32_t i) { return block.event(i); },
        [&](const EventView& event) {
          core::evolve(state, event);
          ++folded;
        });
    if (end != block.count()) {
      const Error why = unreadable_event(block.event(end));
      return Error{why.code, fmt::format("In the journal, {}. {}", why.message,
                                         why.code == Errc::newer_format
                                             ? "Install the version that wrote it or a later one."
                                             : "Run `spine journal verify` and restore a backup.")};
    }
    if (state.applied().value >= reader.last().value) return folded;
    SPINE_TRY(block, reader.block_after(block));
  }
}

}  // namespace spine::pipeline
