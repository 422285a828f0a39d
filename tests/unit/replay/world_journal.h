// A journal of what happened in a World, with snapshots: lives that have something of everything.
#pragma once

#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <vector>

#include "engine/core/model/snapshot.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "replay/timeline.h"
#include "schemas/fields.h"
#include "tests/unit/core/world.h"
#include "tests/unit/replay/story.h"

#include "event_generated.h"

namespace spine::replay {

// Commits the records in blocks of a few events.
inline void write_journal(const std::vector<core::Record>& records,
                          const std::filesystem::path& state_dir) {
  constexpr std::size_t kBatchEvents = 7;
  const auto& created = root_of<fb::JournalCreated>(records.front().view(Seq{1}));
  auto journal = journal::Journal::open(state_dir / "journal", bits_of(created.epoch()));
  ASSERT_TRUE(journal);
  journal::Batch batch;
  for (std::size_t i = 0; i < records.size();) {
    batch.begin(next((*journal)->last()));
    for (; i < records.size() && batch.count() < kBatchEvents; ++i) {
      const EventView event = records[i].view(Seq{i + 1});
      batch.append(event.header, event.body);
    }
    ASSERT_TRUE((*journal)->ensure_space(batch.bytes(), journal::SpaceClass::intake));
    ASSERT_TRUE((*journal)->commit(batch));
  }
}

// Snapshots of the states after these events, as the follower would write them.
inline void write_snapshots(const std::filesystem::path& state_dir, const std::vector<Seq>& at) {
  auto timeline = Timeline::open(state_dir);
  ASSERT_TRUE(timeline);
  auto store = journal::SnapshotStore::open(state_dir / "snapshots");
  ASSERT_TRUE(store);
  for (const Seq seq : at) {
    core::State state;
    ASSERT_TRUE(timeline->fold_to(seq, state));
    flatbuffers::FlatBufferBuilder builder;
    core::save_snapshot(state, builder);
    const auto block = timeline->reader().block_of(seq);
    ASSERT_TRUE(block);
    ASSERT_TRUE(store->write(seq, timeline->epoch(), finished(builder), block->sha256()));
  }
}

}  // namespace spine::replay
