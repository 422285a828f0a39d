// Snapshots: out and in, and what becomes of damaged ones; digests.
#include "engine/core/model/snapshot.h"

#include <cstring>
#include <gtest/gtest.h>
#include <set>

#include "engine/core/model/digest.h"
#include "tests/unit/core/prng.h"
#include "tests/unit/core/world.h"

#include "snapshot_generated.h"

namespace spine::core {
namespace {

struct Saved {
  std::vector<std::uint64_t> words{};
  std::size_t bytes{};
  ByteSpan span() const { return {reinterpret_cast<const std::byte*>(words.data()), bytes}; }
  unsigned char* data() { return reinterpret_cast<unsigned char*>(words.data()); }
};

Saved save(const State& state) {
  flatbuffers::FlatBufferBuilder builder;
  save_snapshot(state, builder);
  Saved saved{.words = std::vector<std::uint64_t>((builder.GetSize() + 7) / 8),
              .bytes = builder.GetSize()};
  std::memcpy(saved.words.data(), builder.GetBufferPointer(), saved.bytes);
  return saved;
}

// Something in every table.
World lively() {
  ConfigSpec config;
  config.per_minute = 60;
  config.burst = 2;
  World world(config);
  world.connect("token");
  world.chat("main", "hello", "key");
  for (int i = 0; i < 4; ++i) {
    world.message({.external_id = std::to_string(i), .text = "text " + std::to_string(i)});
  }
  world.message(
      {.sender = "bob", .conversation = fb::ConversationKind::group, .conversation_id = "g"});
  world.finish(world.active("agent:main:main"));
  world.time_zone(60);
  return world;
}

TEST(Snapshot, BringsTheSameStateBack) {
  const World world = lively();
  const Saved saved = save(world.state);
  State copy;
  ASSERT_TRUE(load_snapshot(saved.span(), copy));
  EXPECT_EQ(digest(copy).total, digest(world.state).total);
  EXPECT_EQ(copy.applied(), world.state.applied());
  EXPECT_EQ(copy.now(), world.state.now());
  EXPECT_EQ(copy.next_deadline_ms(), world.state.next_deadline_ms());
  EXPECT_EQ(save(copy).words, saved.words) << "byte for byte";
}

TEST(Snapshot, OfAFreshStateIsRefused) {
  const Saved saved = save(State{});
  State copy;
  const Status status = load_snapshot(saved.span(), copy);
  ASSERT_FALSE(status) << "a snapshot is of at least one event";
  EXPECT_EQ(status.error().code, Errc::corrupt);
}

TEST(Snapshot, ANewerFormatIsNamed) {
  flatbuffers::FlatBufferBuilder builder;
  fb::snapshot::SnapshotBuilder newer(builder);
  newer.add_format(99);
  builder.Finish(newer.Finish(), fb::snapshot::SnapshotIdentifier());
  std::vector<std::uint64_t> words((builder.GetSize() + 7) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), builder.GetSize());
  State copy;
  const Status status =
      load_snapshot({reinterpret_cast<const std::byte*>(words.data()), builder.GetSize()}, copy);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::newer_format);
  EXPECT_NE(status.error().message.find("99"), std::string::npos);
}

TEST(Snapshot, DamageNeverCrashesAndNeverGoesUnseen) {
  const World world = lively();
  const Saved good = save(world.state);
  const Bits128 total = digest(world.state).total;
  Prng prng(5);
  for (int i = 0; i < 4'000; ++i) {
    Saved bad = good;
    if (prng.chance(10)) bad.bytes = prng.below(bad.bytes);
    const std::uint64_t flips = 1 + prng.below(3);
    for (std::uint64_t k = 0; k < flips && bad.bytes != 0; ++k) {
      bad.data()[prng.below(bad.bytes)] ^= static_cast<unsigned char>(1 + prng.below(255));
    }
    State copy;
    const Status status = load_snapshot(bad.span(), copy);
    if (status) {
      ASSERT_EQ(digest(copy).total, total);  // padding was hit
    } else {
      ASSERT_EQ(copy.applied(), Seq{}) << "a state that could not be loaded is fresh";
    }
  }
}

TEST(Digest, NamesItsTablesAndChangesWithEveryEvent) {
  const World world = lively();
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (std::size_t count = 0; count <= world.journal.size(); ++count) {
    const StateDigest of = digest(fold(world.journal, count));
    EXPECT_EQ(of.seq.value, count);
    EXPECT_TRUE(seen.emplace(of.total.hi, of.total.lo).second);
  }
  const StateDigest last = digest(world.state);
  ASSERT_EQ(last.table_count, 19U);
  EXPECT_EQ(last.tables[0].table, "meta");
  EXPECT_EQ(last.tables[1].table, "sessions");
  EXPECT_EQ(last.tables[1].rows, 3U);
  EXPECT_EQ(last.tables[4].table, "duplicates");
  EXPECT_EQ(last.tables[4].rows, 4U);
}

}  // namespace
}  // namespace spine::core
