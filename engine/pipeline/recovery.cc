// Snapshot plus tail.
#include "engine/pipeline/recovery.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/core/evolve.h"
#include "engine/core/fold.h"
#include "engine/core/snapshot.h"

namespace spine::pipeline {

Seq load_latest_snapshot(const journal::SnapshotStore& store, Bits128 epoch, Seq last,
                         core::State& state, std::vector<std::string>& notes) {
  std::vector<Seq> seqs = store.list();
  for (auto it = seqs.rbegin(); it != seqs.rend(); ++it) {
    if (it->value > last.value) {
      notes.push_back(
          fmt::format("snapshot {} is ahead of the journal ({}): not used", it->value, last.value));
      continue;
    }
    auto loaded = store.load(*it, epoch);
    Status restored = ok();
    if (loaded) {
      restored = core::load_snapshot(loaded->payload(), state);
      if (restored && state.applied() == *it) return *it;
    }
    state = core::State{};
    const std::string why = !loaded     ? loaded.error().message
                            : !restored ? restored.error().message
                                        : std::string{"it holds the state of another event"};
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
      const EventView bad = block.event(end);
      return Error{Errc::corrupt,
                   fmt::format("event {} of kind {} has a body that is not valid. Run `spine "
                               "journal verify` and restore a backup.",
                               bad.seq.value, bad.header.kind)};
    }
    if (state.applied().value >= reader.last().value) return folded;
    SPINE_TRY(block, reader.block_after(block));
  }
}

}  // namespace spine::pipeline
