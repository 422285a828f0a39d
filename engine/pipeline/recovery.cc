// Looking for losses, then the state from snapshot plus tail.
#include "engine/pipeline/recovery.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/core/model/evolve.h"
#include "engine/core/model/snapshot.h"
#include "journal/index.h"
#include "schemas/vocab/advice.h"

namespace spine::pipeline {
namespace {

// Why a snapshot can only be of another journal; empty when it need not be.
std::string foreign(const journal::SnapshotStore& store, Seq seq, const journal::Reader& reader) {
  if (seq > reader.last()) {
    return fmt::format("it is ahead of the journal ({})", reader.last().value);
  }
  const auto origin = store.origin_of(seq);
  if (!origin || origin->epoch == reader.epoch()) return {};
  return "it is of another journal (the epochs differ)";
}

// Why it cannot be used; empty when the state is now the snapshot's.
std::string load(const journal::SnapshotStore& store, Seq seq, journal::Reader& reader,
                 core::State& state) {
  const auto loaded = store.load_of(seq, reader);
  if (!loaded) return loaded.error().message;
  const Status restored = core::load_snapshot(loaded->payload(), state);
  if (restored && state.applied() == seq) return {};
  state = core::State{};
  return restored ? "it holds the state of another event" : restored.error().message;
}

}  // namespace

Result<Losses> find_losses(const std::filesystem::path& state_dir, Bits128 boot, bool accept_loss,
                           journal::Reader& reader, std::vector<std::string>& notes) {
  SPINE_TRY(Losses losses, journal::find_ahead(state_dir, boot, reader));
  if (losses.empty()) return losses;
  const std::string what = journal::ahead_text(losses, reader.last());
  if (!accept_loss) {
    return Error{Errc::corrupt,
                 fmt::format("{} In place of {} {}; or go on without what is missing: spine start "
                             "--accept-loss",
                             what, state_dir.string(), kBringBackABackup)};
  }
  notes.push_back(
      fmt::format("{} As asked for by --accept-loss this is gone on without: such "
                  "snapshots are renamed to *.lost, the index is made again",
                  what));
  return losses;
}

Seq last_lost(const Losses& losses) {
  Seq last;
  for (const journal::AheadFile& file : losses)
    last = std::max(last, file.seq);
  return last;
}

// The index can be rebuilt from the journal, so it goes; a snapshot may be all that is left.
Status put_away(const Losses& losses, const std::filesystem::path& state_dir) {
  const auto snapshots = journal::SnapshotStore::look_at(state_dir / "snapshots");
  for (const journal::AheadFile& file : losses)
    SPINE_TRY_STATUS(file.is_index ? journal::Index::discard(file.path)
                                   : snapshots.set_aside(file.seq));
  return ok();
}

Seq load_latest_snapshot(const journal::SnapshotStore& store, journal::Reader& reader,
                         core::State& state, std::vector<std::string>& notes,
                         const Losses& losses) {
  if (const Status renewed = reader.renew(); !renewed) {
    notes.push_back(renewed.error().message);
    return Seq{};
  }
  std::vector<Seq> seqs = store.list();
  std::erase_if(seqs, [&](Seq seq) {
    return std::ranges::any_of(losses, [seq](const journal::AheadFile& file) {
      return !file.is_index && file.seq == seq;
    });
  });
  std::erase_if(seqs, [&](Seq seq) {
    const std::string why = foreign(store, seq, reader);
    if (why.empty()) return false;
    notes.push_back(fmt::format("snapshot {} deleted: {}", seq.value, why));
    if (const Status gone = store.remove(seq); !gone) notes.push_back(gone.error().message);
    return true;
  });
  for (auto it = seqs.rbegin(); it != seqs.rend(); ++it) {
    const std::string why = load(store, *it, reader, state);
    if (why.empty()) return *it;
    notes.push_back(fmt::format("snapshot {} not used: {}", it->value, why));
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
      const std::string advice =
          why.code == Errc::newer_format
              ? "Install the version that wrote it or a later one."
              : fmt::format("Run `spine journal verify`, then {}", kBringBackABackup);
      return Error{why.code, fmt::format("In the journal, {}. {}", why.message, advice)};
    }
    if (state.applied().value >= reader.last().value) return folded;
    SPINE_TRY(block, reader.block_after(block));
  }
}

}  // namespace spine::pipeline
