// Recovery: which snapshots it takes, which it deletes, and what keeps it from starting.
#include "engine/pipeline/recovery.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "engine/core/model/snapshot.h"
#include "schemas/fields.h"
#include "tests/unit/replay/story.h"

namespace spine::pipeline {
namespace {

namespace fs = std::filesystem;

class RecoveryTest : public ::testing::Test {
 protected:
  RecoveryTest()
      : story_(temp_.path()),
        store_(journal::SnapshotStore::open(temp_.path() / "snapshots").value()) {
    story_.created();
    story_.configured();
    story_.message("alice", "m1", "hello");
  }

  // The state as it is now, under a seq, bound to a block.
  void save(Seq seq, Bits128 epoch, const journal::Digest256& block) {
    flatbuffers::FlatBufferBuilder builder;
    core::save_snapshot(story_.state(), builder);
    ASSERT_TRUE(store_.write(seq, epoch, finished(builder), block));
  }
  void save() { save(story_.last(), story_.journal().epoch(), story_.journal().head()); }

  Seq load() {
    state_ = core::State{};
    notes_.clear();
    journal::Reader reader = story_.journal().reader();
    return load_latest_snapshot(store_, reader, state_, notes_);
  }

  Result<Losses> find(bool accept_loss) {
    notes_.clear();
    journal::Reader reader = story_.journal().reader();
    return find_losses(temp_.path(), Bits128{}, accept_loss, reader, notes_);
  }
  // Accepts the loss, and puts away what tells of it.
  Seq accept() {
    const auto losses = find(true);
    EXPECT_TRUE(losses && put_away(*losses, temp_.path()));
    return losses ? last_lost(*losses) : Seq{};
  }

  replay::TempDir temp_{};
  replay::Story story_;
  journal::SnapshotStore store_;
  core::State state_{};
  std::vector<std::string> notes_{};
};

TEST_F(RecoveryTest, TheLatestSnapshotOfTheChainIsTaken) {
  save();
  story_.message("bob", "m2", "hello");
  save();
  const Seq latest = story_.last();
  story_.message("bob", "m3", "hello");
  EXPECT_EQ(load(), latest);
  EXPECT_EQ(state_.applied(), latest);
  EXPECT_TRUE(notes_.empty());
}

TEST_F(RecoveryTest, ASnapshotOfAnotherHistoryOfTheSameEpochIsNotUsed) {
  save();
  const Seq own = story_.last();
  story_.message("bob", "m2", "hello");
  journal::Digest256 other = story_.journal().head();
  other[0] ^= std::byte{1};
  save(story_.last(), story_.journal().epoch(), other);
  EXPECT_EQ(load(), own);
  EXPECT_EQ(state_.applied(), own);
  EXPECT_EQ(notes_.size(), 1U);
}

TEST_F(RecoveryTest, NothingIsLostWhenEverythingEndsWithTheJournal) {
  save();
  story_.message("bob", "m2", "hello");
  save();
  const auto losses = find(false);
  ASSERT_TRUE(losses) << losses.error().message;
  EXPECT_EQ(last_lost(*losses), Seq{});
  EXPECT_TRUE(notes_.empty());
}

TEST_F(RecoveryTest, ASnapshotAheadStopsAStartUntilTheLossIsAccepted) {
  save();
  const Seq good = story_.last();
  save(Seq{1'000}, story_.journal().epoch(), story_.journal().head());
  const auto refused = find(false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::corrupt);
  for (const char* words :
       {"The journal ends at event ", "00001000.snapshot was made at event 1000",
        "bring back a backup: spine restore DIR", "spine start --accept-loss"}) {
    EXPECT_NE(refused.error().message.find(words), std::string::npos) << refused.error().message;
  }
  EXPECT_EQ(store_.list().size(), 2U);

  EXPECT_EQ(accept(), Seq{1'000});
  EXPECT_EQ(notes_.size(), 1U);
  EXPECT_EQ(store_.list(), std::vector{good});
  EXPECT_TRUE(fs::exists(temp_.path() / "snapshots" / "00000000000000001000.snapshot.lost"));
  EXPECT_EQ(load(), good);
  EXPECT_TRUE(find(false).value().empty());
}

TEST_F(RecoveryTest, WhatTellsOfALossStaysUntilItIsPutAway) {
  save();
  const Seq good = story_.last();
  save(Seq{1'000}, story_.journal().epoch(), story_.journal().head());
  const auto losses = find(true);
  ASSERT_TRUE(losses);
  // A start that is interrupted here finds it again.
  journal::Reader reader = story_.journal().reader();
  EXPECT_EQ(load_latest_snapshot(store_, reader, state_, notes_, *losses), good);
  EXPECT_EQ(store_.list().size(), 2U);
  EXPECT_FALSE(find(false));
}

TEST_F(RecoveryTest, OnlySoManyLostSnapshotsAreKept) {
  const std::uint64_t first = 1'000;
  for (std::uint64_t i = 0; i < limits::kLostSnapshotsKept + 3; ++i) {
    save(Seq{first + i}, story_.journal().epoch(), story_.journal().head());
    accept();
  }
  std::size_t kept = 0;
  for (const auto& entry : fs::directory_iterator(temp_.path() / "snapshots"))
    kept += entry.path().extension() == ".lost" ? 1U : 0U;
  EXPECT_EQ(kept, limits::kLostSnapshotsKept);
}

TEST_F(RecoveryTest, ASnapshotOfAnotherHistoryStopsAStartToo) {
  journal::Digest256 other = story_.journal().head();
  other[0] ^= std::byte{1};
  save(story_.last(), story_.journal().epoch(), other);
  const auto refused = find(false);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("of another history of this journal"), std::string::npos);
  EXPECT_EQ(accept(), story_.last());
  EXPECT_TRUE(store_.list().empty());
}

TEST_F(RecoveryTest, SnapshotsAheadOfTheJournalDoNotCrowdOutFreshOnes) {
  for (std::uint64_t seq : {1'000U, 2'000U, 3'000U})
    save(Seq{seq}, story_.journal().epoch(), story_.journal().head());
  EXPECT_EQ(load(), Seq{});
  EXPECT_TRUE(store_.list().empty());
  save();
  EXPECT_EQ(load(), story_.last());
}

TEST_F(RecoveryTest, SnapshotsOfAnotherEpochAreDeleted) {
  save(Seq{2}, Bits128{1, 1}, story_.journal().head());
  EXPECT_EQ(load(), Seq{});
  EXPECT_TRUE(store_.list().empty());
  EXPECT_EQ(notes_.size(), 1U);
}

TEST_F(RecoveryTest, ASealedEventIsNotFoldedButNamed) {
  story_.sealed_message();
  journal::Reader reader = story_.journal().reader();
  const auto folded = fold_rest(reader, state_);
  ASSERT_FALSE(folded);
  EXPECT_EQ(folded.error().code, Errc::newer_format);
  EXPECT_NE(folded.error().message.find("(MessageReceived) is sealed with key 12"),
            std::string::npos)
      << folded.error().message;
  EXPECT_EQ(next(state_.applied()), story_.last());
}

TEST_F(RecoveryTest, ADamagedSnapshotIsLeftAndTheOneBeforeIsTaken) {
  save();
  const Seq good = story_.last();
  story_.message("bob", "m2", "hello");
  save();
  const fs::path file = temp_.path() / "snapshots" /
                        ("000000000000000000" + std::to_string(story_.last().value) + ".snapshot");
  ASSERT_TRUE(fs::exists(file)) << file;
  fs::resize_file(file, 200);
  EXPECT_EQ(load(), good);
  EXPECT_EQ(store_.list().size(), 2U);
}

}  // namespace
}  // namespace spine::pipeline
