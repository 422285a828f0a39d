// Tests of journal/snapshots.h.
#include "journal/snapshots.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

class SnapshotsTest : public testing::Test {
 protected:
  SnapshotStore store() {
    auto opened = SnapshotStore::open(dir());
    EXPECT_TRUE(opened);
    return std::move(opened).value();
  }
  fs::path dir() const { return temp_.path() / "snapshots"; }
  fs::path file(std::string_view name) const { return dir() / name; }

 private:
  TempDir temp_{};
};

const std::string kPayload = "the state, as a FlatBuffer would hold it";
constexpr Digest256 kBlock{std::byte{1}, std::byte{2}, std::byte{3}};
constexpr std::string_view kSeven = "00000000000000000007.snapshot";

TEST_F(SnapshotsTest, WhatWasWrittenIsLoaded) {
  SnapshotStore snapshots = store();
  EXPECT_TRUE(snapshots.list().empty());
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  EXPECT_EQ(snapshots.list(), std::vector{Seq{7}});
  EXPECT_EQ(fs::status(dir()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(file(kSeven)).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  const auto loaded = snapshots.load(Seq{7}, kEpoch);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->seq, Seq{7});
  EXPECT_EQ(loaded->block, kBlock);
  EXPECT_EQ(as_text(loaded->payload()), kPayload);
  EXPECT_TRUE(is_aligned8(loaded->payload().data()));
}

TEST_F(SnapshotsTest, AnEmptyPayloadAndALargeOneComeBack) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{1}, kEpoch, {}, kBlock));
  EXPECT_EQ(snapshots.load(Seq{1}, kEpoch)->bytes, 0U);
  const std::string large(20 * limits::kMiB + 3, 'y');
  ASSERT_TRUE(snapshots.write(Seq{2}, kEpoch, as_bytes(large), kBlock));
  EXPECT_EQ(as_text(snapshots.load(Seq{2}, kEpoch)->payload()), large);
}

TEST_F(SnapshotsTest, OfManyABoundedNumberIsKeptTheNewestAmongThem) {
  SnapshotStore snapshots = store();
  for (std::uint64_t seq = 1; seq <= 40; ++seq) {
    ASSERT_TRUE(snapshots.write(Seq{seq * 100}, kEpoch, as_bytes(kPayload), kBlock));
  }
  const std::vector<Seq> kept = snapshots.list();
  ASSERT_EQ(kept.size(), limits::kSnapshotsKept);
  EXPECT_EQ(std::vector(kept.end() - 3, kept.end()),
            (std::vector{Seq{3'800}, Seq{3'900}, Seq{4'000}}));
  EXPECT_LE(kept.front(), Seq{400});
}

// What is there after snapshots at these seqs were written one after the other.
std::vector<Seq> kept_of(const std::vector<std::uint64_t>& written) {
  std::vector<Seq> present;
  for (const std::uint64_t seq : written) {
    present.push_back(Seq{seq});
    for (const Seq gone : thinned_out(present))
      std::erase(present, gone);
  }
  return present;
}

TEST(Thinning, NothingGoesUpToTheBound) {
  std::vector<Seq> present;
  for (std::uint64_t i = 1; i <= limits::kSnapshotsKept; ++i)
    present.push_back(Seq{i});
  EXPECT_TRUE(thinned_out(present).empty());
  EXPECT_TRUE(thinned_out({}).empty());
}

TEST(Thinning, TheOneGoesWhoseNeighboursAreClosestTogether) {
  std::vector<Seq> present;
  for (std::uint64_t i = 1; i <= limits::kSnapshotsKept; ++i)
    present.push_back(Seq{i * 1'000});
  present.insert(present.begin() + 5, Seq{5'001});  // between 5,000 and 6,000
  EXPECT_EQ(thinned_out(present), std::vector{Seq{5'001}});
}

TEST(Thinning, SnapshotsOfManyQuickRestartsDoNotPushOutThePast) {
  std::vector<std::uint64_t> written;
  for (std::uint64_t million = 1; million <= 10; ++million)
    written.push_back(million * 1'000'000);
  for (std::uint64_t restart = 1; restart <= 100; ++restart)
    written.push_back(10'000'000 + restart * 7);
  const std::vector<Seq> kept = kept_of(written);
  for (std::uint64_t million = 1; million <= 10; ++million)
    EXPECT_EQ(std::ranges::count(kept, Seq{million * 1'000'000}), 1) << million;
  EXPECT_EQ(kept.back(), Seq{written.back()});
}

TEST(Thinning, WhatStaysIsSpreadOverAJournalThatGrows) {
  std::vector<std::uint64_t> written;
  for (std::uint64_t million = 1; million <= 1'000; ++million) {
    written.push_back(million * 1'000'000);
    if (million % 50 != 0) continue;
    const std::vector<Seq> kept = kept_of(written);
    ASSERT_LE(kept.size(), limits::kSnapshotsKept);
    // The farthest that a moment can be from the snapshot before it: no more than four times what
    // the best spread would give.
    std::uint64_t farthest = 0;
    Seq before{};
    for (const Seq seq : kept) {
      farthest = std::max(farthest, seq.value - before.value);
      before = seq;
    }
    const std::uint64_t best = written.back() / (limits::kSnapshotsKept - 3);
    EXPECT_LE(farthest, 4 * best) << million;
    EXPECT_EQ(kept.back(), Seq{written.back()});
  }
}

TEST_F(SnapshotsTest, WritingTheSameSeqAgainReplacesIt) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes("old"), kBlock));
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes("new"), kBlock));
  EXPECT_EQ(as_text(snapshots.load(Seq{7}, kEpoch)->payload()), "new");
}

TEST_F(SnapshotsTest, EveryDamagedByteAndEveryTruncationIsFound) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  std::string good;
  {
    std::ifstream in(file(kSeven), std::ios::binary);
    good.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  const auto put = [&](const std::string& content) {
    std::ofstream(file(kSeven), std::ios::binary | std::ios::trunc) << content;
  };
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    put(bad);
    const auto loaded = snapshots.load(Seq{7}, kEpoch);
    ASSERT_FALSE(loaded) << i;
    ASSERT_NE(loaded.error().message.find(kSeven), std::string::npos);
    put(good.substr(0, i));
    ASSERT_EQ(snapshots.load(Seq{7}, kEpoch).error().code, Errc::corrupt) << i;
  }
  put(good + "x");
  EXPECT_EQ(snapshots.load(Seq{7}, kEpoch).error().code, Errc::corrupt);
  put(good);
  EXPECT_TRUE(snapshots.load(Seq{7}, kEpoch));
}

TEST_F(SnapshotsTest, ASnapshotOfAnotherJournalOrSeqIsRefused) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  const auto other = snapshots.load(Seq{7}, Bits128{.hi = 1, .lo = 1});
  EXPECT_EQ(other.error().code, Errc::corrupt);
  EXPECT_NE(other.error().message.find("another journal"), std::string::npos);
  fs::rename(file(kSeven), file("00000000000000000008.snapshot"));
  EXPECT_EQ(snapshots.load(Seq{8}, kEpoch).error().code, Errc::corrupt);
  EXPECT_EQ(snapshots.load(Seq{7}, kEpoch).error().code, Errc::not_found);
}

TEST_F(SnapshotsTest, ANewerFormatIsNamedWithBothVersions) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  {
    std::fstream out(file(kSeven), std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(4);
    out.put(9);
  }
  const auto loaded = snapshots.load(Seq{7}, kEpoch);
  EXPECT_EQ(loaded.error().code, Errc::newer_format);
  EXPECT_NE(loaded.error().message.find("format 9"), std::string::npos);
}

TEST_F(SnapshotsTest, OneThatNamesNoBlockIsOfAnOldFormatAndNotUsed) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, {}, kBlock));
  {
    std::fstream out(file(kSeven), std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(4);
    out.put(1);
  }
  fs::resize_file(file(kSeven), 48);  // where the header of version 1 ends
  const auto loaded = snapshots.load(Seq{7}, kEpoch);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, Errc::corrupt);
  EXPECT_NE(loaded.error().message.find("old one"), std::string::npos);
  EXPECT_EQ(snapshots.origin_of(Seq{7})->epoch, kEpoch);
  EXPECT_FALSE(snapshots.origin_of(Seq{7})->block);
}

TEST_F(SnapshotsTest, TheHeaderAloneTellsWhatOneIsOf) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  const auto origin = SnapshotStore::look_at(dir()).origin_of(Seq{7});
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->epoch, kEpoch);
  EXPECT_EQ(origin->block, kBlock);
}

TEST_F(SnapshotsTest, OneThatIsSetAsideIsKeptAndNotListed) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  ASSERT_TRUE(snapshots.set_aside(Seq{7}));
  EXPECT_TRUE(snapshots.list().empty());
  EXPECT_TRUE(fs::exists(file(std::string(kSeven) + ".lost")));
  EXPECT_FALSE(snapshots.set_aside(Seq{8}));
}

TEST_F(SnapshotsTest, ALookCreatesNothing) {
  EXPECT_TRUE(SnapshotStore::look_at(dir()).list().empty());
  EXPECT_FALSE(fs::exists(dir()));
}

TEST_F(SnapshotsTest, WhatAnInterruptedWriteLeftIsDeletedAtTheNextOpen) {
  {
    SnapshotStore snapshots = store();
    ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  }
  const fs::path partial = file("00000000000000000009.snapshot.partial");
  std::ofstream(partial) << "x";
  SnapshotStore snapshots = store();
  EXPECT_FALSE(fs::exists(partial));
  EXPECT_EQ(snapshots.list(), std::vector{Seq{7}});
}

TEST_F(SnapshotsTest, ARemovedOneIsGoneAndMayBeGoneAlready) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  EXPECT_TRUE(snapshots.remove(Seq{7}));
  EXPECT_TRUE(snapshots.list().empty());
  EXPECT_TRUE(snapshots.remove(Seq{7}));
}

TEST_F(SnapshotsTest, ForeignNamesAreNotListed) {
  SnapshotStore snapshots = store();
  ASSERT_TRUE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  for (const char* name : {"00000000000000000009.snapshot.partial", "9.snapshot", "notes",
                           "0000000000000000000x.snapshot", "99999999999999999999.snapshot"}) {
    std::ofstream(file(name)) << "x";
  }
  EXPECT_EQ(snapshots.list(), std::vector{Seq{7}});
}

TEST_F(SnapshotsTest, AFailedWriteLeavesNothingUnderTheFinalName) {
  SnapshotStore snapshots = store();
  fs::create_directory(file("00000000000000000007.snapshot.partial"));
  EXPECT_FALSE(snapshots.write(Seq{7}, kEpoch, as_bytes(kPayload), kBlock));
  EXPECT_FALSE(fs::exists(file(kSeven)));
}

}  // namespace
}  // namespace spine::journal
