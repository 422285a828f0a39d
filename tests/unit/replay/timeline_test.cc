// Tests of replay/timeline/timeline.h: one state at a seq, by whatever way it is reached.
#include "replay/timeline/timeline.h"

#include <fstream>

#include "engine/core/model/digest.h"
#include "engine/core/model/snapshot.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

// A snapshot of the state after `seq`, as the follower would write it.
void write_snapshot(Timeline& timeline, const std::filesystem::path& state_dir, Seq seq) {
  core::State state;
  ASSERT_TRUE(timeline.state_at(seq, state));
  flatbuffers::FlatBufferBuilder builder;
  core::save_snapshot(state, builder);
  auto store = journal::SnapshotStore::open(state_dir / "snapshots");
  ASSERT_TRUE(store);
  ASSERT_TRUE(timeline.reader().renew());
  const auto block = timeline.reader().block_of(seq);
  ASSERT_TRUE(block);
  ASSERT_TRUE(store->write(
      seq, timeline.epoch(),
      as_bytes(std::string_view(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                                builder.GetSize())),
      block->sha256()));
}

TEST(Timeline, TheStateAtASeqIsTheSameByEveryRoute) {
  const TempDir dir;
  tell_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  std::vector<Bits128> expected;
  core::State folded;
  for (Seq seq{1}; seq <= timeline->last(); seq = next(seq)) {
    ASSERT_TRUE(timeline->fold_to(seq, folded));
    expected.push_back(core::digest(folded).total);
  }
  write_snapshot(*timeline, dir.path(), Seq{3});
  write_snapshot(*timeline, dir.path(), Seq{9});
  core::State wandering;
  for (const std::uint64_t to : {5U, 2U, 11U, 9U, 3U, 12U, 1U, 10U}) {
    core::State fresh;
    ASSERT_TRUE(timeline->state_at(Seq{to}, fresh));
    ASSERT_TRUE(timeline->state_at(Seq{to}, wandering));
    EXPECT_EQ(core::digest(fresh).total, expected[to - 1]) << to;
    EXPECT_EQ(core::digest(wandering).total, expected[to - 1]) << to;
  }
}

TEST(Timeline, ADamagedSnapshotIsPassedOver) {
  const TempDir dir;
  tell_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  core::State right;
  ASSERT_TRUE(timeline->state_at(timeline->last(), right));
  write_snapshot(*timeline, dir.path(), Seq{9});
  const auto path = journal::SnapshotStore::look_at(dir.path() / "snapshots").path_of(Seq{9});
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(200);
  file.put('\x7f');
  file.close();
  core::State state;
  ASSERT_TRUE(timeline->state_at(timeline->last(), state));
  EXPECT_EQ(core::digest(state).total, core::digest(right).total);
}

TEST(Timeline, BeyondTheEndIsNamedWithWhatThereIs) {
  const TempDir dir;
  tell_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  core::State state;
  const Status beyond = timeline->state_at(Seq{1000}, state);
  ASSERT_FALSE(beyond);
  EXPECT_NE(beyond.error().message.find("#1000 is not in the journal: it holds #1 ("),
            std::string::npos);
}

TEST(Timeline, WalksForthAndBackSeeTheSameEvents) {
  const TempDir dir;
  tell_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  std::vector<std::uint64_t> forth;
  std::vector<std::uint64_t> back;
  ASSERT_TRUE(timeline->for_each_event(Seq{2}, Seq{7}, [&](const EventView& event) {
    forth.push_back(event.seq.value);
    return true;
  }));
  ASSERT_TRUE(timeline->for_each_event_back(Seq{7}, Seq{2}, [&](const EventView& event) {
    back.push_back(event.seq.value);
    return true;
  }));
  EXPECT_EQ(forth, (std::vector<std::uint64_t>{2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(back, (std::vector<std::uint64_t>{7, 6, 5, 4, 3, 2}));
}

}  // namespace
}  // namespace spine::replay
