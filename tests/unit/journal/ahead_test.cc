// Tests of journal/ahead.h: what is evidence of a lost commit, and what is not.
#include "journal/ahead.h"

#include <fstream>
#include <gtest/gtest.h>

#include "journal/index.h"
#include "journal/snapshots.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

constexpr Bits128 kThisBoot{.hi = 5, .lo = 6};
constexpr Bits128 kOtherEpoch{.hi = 9, .lo = 9};

// A journal of ten blocks of one event, and what lies beside it.
class AheadTest : public testing::Test {
 protected:
  AheadTest() : journal_(open_journal(state() / "journal")) { commit_messages(*journal_, 10, 1); }

  const fs::path& state() const { return temp_.path(); }
  SnapshotStore store() { return SnapshotStore::open(state() / "snapshots").value(); }

  Digest256 hash_of(Seq seq) {
    Reader reader = journal_->reader();
    EXPECT_TRUE(reader.renew());
    return reader.block_of(seq)->sha256();
  }
  void snapshot(Seq seq, const Digest256& block, Bits128 epoch = kEpoch) {
    ASSERT_TRUE(store().write(seq, epoch, as_bytes("state"), block));
  }

  // An index of a journal's blocks up to a seq.
  void index(Journal& journal, Seq last) {
    auto index = Index::open(state() / "index", kEpoch, kThisBoot, last);
    ASSERT_TRUE(index);
    Reader reader = journal.reader();
    ASSERT_TRUE(reader.renew());
    for (Seq at = next((*index)->applied()); at <= last; at = next(at))
      (*index)->add(*reader.block_of(at));
    ASSERT_TRUE((*index)->commit());
    ASSERT_TRUE((*index)->close_clean());
  }

  std::vector<AheadFile> found(Bits128 boot = Bits128{}) {
    Reader reader = journal_->reader();
    auto found = find_ahead(state(), boot, reader);
    EXPECT_TRUE(found);
    return found ? *found : std::vector<AheadFile>{};
  }

  // Another journal of the same epoch: so many events that are the same, then others.
  std::unique_ptr<Journal> other_history(std::size_t same, std::size_t different) {
    auto other = open_journal(state() / "other");
    commit_messages(*other, same, 1);
    for (std::size_t i = 0; i < different; ++i) {
      Batch batch;
      batch.begin(next(other->last()));
      batch.append(message_header(3), message_body("another"));
      EXPECT_TRUE(other->ensure_space(batch.bytes(), SpaceClass::intake));
      EXPECT_TRUE(other->commit(batch));
    }
    return other;
  }

  TempDir temp_{};
  std::unique_ptr<Journal> journal_;
};

TEST_F(AheadTest, NothingBesideAJournalIsNoEvidence) {
  EXPECT_TRUE(found().empty());
  EXPECT_FALSE(fs::exists(state() / "snapshots"));
  EXPECT_FALSE(fs::exists(state() / "index"));
}

TEST_F(AheadTest, WhatEndsWithTheJournalOrBeforeIsNoEvidence) {
  snapshot(Seq{5}, hash_of(Seq{5}));
  snapshot(Seq{10}, hash_of(Seq{10}));
  index(*journal_, Seq{10});
  EXPECT_TRUE(found().empty());
}

TEST_F(AheadTest, ASnapshotAheadIsNamed) {
  snapshot(Seq{5}, hash_of(Seq{5}));
  snapshot(Seq{11}, Digest256{});
  const auto ahead = found();
  ASSERT_EQ(ahead.size(), 1U);
  EXPECT_EQ(ahead[0].seq, Seq{11});
  EXPECT_FALSE(ahead[0].other_history);
  EXPECT_EQ(ahead_text(ahead, Seq{10}),
            "The journal ends at event 10, but the snapshot " +
                (state() / "snapshots" / "00000000000000000011.snapshot").string() +
                " was made at event 11. A commit was lost, or the journal is an older copy than "
                "what lies beside it.");
}

TEST_F(AheadTest, ASnapshotOfAnotherHistoryIsNamed) {
  snapshot(Seq{7}, hash_of(Seq{8}));
  const auto ahead = found();
  ASSERT_EQ(ahead.size(), 1U);
  EXPECT_TRUE(ahead[0].other_history);
  EXPECT_NE(ahead_text(ahead[0]).find("at event 7 of another history of this journal"),
            std::string::npos);
}

TEST_F(AheadTest, WhatIsOfAnotherEpochOrCannotBeReadIsNoEvidence) {
  snapshot(Seq{11}, Digest256{}, kOtherEpoch);
  std::ofstream(state() / "snapshots" / "00000000000000000012.snapshot") << "no snapshot at all";
  // Damage of a snapshot is no other history.
  snapshot(Seq{7}, hash_of(Seq{7}));
  {
    std::fstream file(state() / "snapshots" / "00000000000000000007.snapshot",
                      std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(60);
    file.put('x');
  }
  EXPECT_TRUE(found().empty());
}

TEST_F(AheadTest, AnIndexAheadIsNamedAndStays) {
  auto longer = other_history(12, 0);
  index(*longer, Seq{12});
  const auto ahead = found();
  ASSERT_EQ(ahead.size(), 1U);
  EXPECT_TRUE(ahead[0].is_index);
  EXPECT_EQ(ahead[0].seq, Seq{12});
  EXPECT_FALSE(ahead[0].other_history);
  EXPECT_EQ(ahead_text(ahead[0]),
            "the index " + (state() / "index").string() + " was made up to event 12");
  EXPECT_EQ(found().size(), 1U);
}

TEST_F(AheadTest, AnIndexOfAnotherHistoryIsNamed) {
  auto other = other_history(5, 3);
  index(*other, Seq{8});
  const auto ahead = found();
  ASSERT_EQ(ahead.size(), 1U);
  EXPECT_TRUE(ahead[0].is_index);
  EXPECT_TRUE(ahead[0].other_history);
}

TEST_F(AheadTest, AnIndexThatMayNotBeOpenedIsNoEvidence) {
  auto longer = other_history(12, 0);
  index(*longer, Seq{12});
  ASSERT_TRUE(
      write_mark(state() / "index", {.epoch = kEpoch, .boot_id = kThisBoot, .clean = false}));
  EXPECT_TRUE(found().empty());
  EXPECT_TRUE(found(Bits128{.hi = 1, .lo = 1}).empty());
  EXPECT_EQ(found(kThisBoot).size(), 1U);  // the kernel lives: the file is whole
}

}  // namespace
}  // namespace spine::journal
