// Tests of journal/index.h: lookups against a naive scan, and when it is thrown away.
#include "journal/index.h"

#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

constexpr Bits128 kBoot{.hi = 11, .lo = 12};
constexpr Bits128 kOtherBoot{.hi = 21, .lo = 22};
constexpr Seq kEnd{~0ULL};

// What the index should say, from a scan.
struct Expected {
  std::map<std::uint64_t, std::set<std::uint64_t>> sessions{};

  void add(const BlockView& block) {
    for (std::uint32_t i = 0; i < block.count(); ++i) {
      const EventView event = block.event(i);
      if (event.header.session != 0) sessions[event.header.session].insert(block.first().value);
    }
  }
};

std::vector<Seq> last_within(const std::set<std::uint64_t>& all, Seq from, Seq to,
                             std::size_t limit) {
  std::vector<Seq> out;
  for (const std::uint64_t first : all) {
    if (first >= from.value && first <= to.value) out.push_back(Seq{first});
  }
  if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
  return out;
}

class IndexTest : public testing::Test {
 protected:
  fs::path dir() const { return temp_.path() / "index"; }

  std::unique_ptr<Index> open(Seq journal_last, Bits128 boot = kBoot, Bits128 epoch = kEpoch) {
    auto opened = Index::open(dir(), epoch, boot, journal_last);
    if (opened) return std::move(opened).value();
    ADD_FAILURE() << opened.error().message;
    return nullptr;
  }

  // Adds `blocks` blocks to the index; sessions and times by a fixed random sequence.
  void feed(Index& index, std::size_t blocks, std::uint64_t sessions) {
    Batch batch;
    for (std::size_t b = 0; b < blocks; ++b) {
      batch.begin(next(last_));
      const std::uint64_t count = 1 + random() % 20;
      wall_ms_ += random() % 10 == 0 ? -static_cast<std::int64_t>(random() % 500)
                                     : static_cast<std::int64_t>(random() % 100);
      for (std::uint64_t i = 0; i < count; ++i) {
        batch.append(message_header(random() % (sessions + 1), wall_ms_), {});
      }
      batch.finish();
      auto header = load<BlockHeader>(batch.block(0).data());
      header.crc32c = block_crc32c(batch.block(0));
      store(batch.block(0).data(), header);
      const auto view = BlockView::verify(batch.block(0), batch.first());
      ASSERT_TRUE(view) << view.error().message;
      index.add(*view);
      expected_.add(*view);
      last_ = batch.last();
      if (b % 3 != 0) continue;
      ASSERT_TRUE(index.commit());
    }
    ASSERT_TRUE(index.commit());
  }

  void expect_right(Index& index) {
    ASSERT_EQ(index.applied(), last_);
    for (const auto& [session, blocks] : expected_.sessions) {
      const auto all = index.session_blocks(SessionId{session}, Seq{1}, kEnd, 1'000'000);
      ASSERT_TRUE(all);
      ASSERT_EQ(*all, last_within(blocks, Seq{1}, kEnd, 1'000'000)) << session;
      const Seq from{random() % last_.value};
      const Seq to{from.value + random() % last_.value};
      const std::size_t limit = 1 + random() % 10;
      const auto some = index.session_blocks(SessionId{session}, from, to, limit);
      ASSERT_TRUE(some);
      ASSERT_EQ(*some, last_within(blocks, from, to, limit)) << session;
    }
  }

  std::uint64_t random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_;
  }

  Seq last_{};
  Expected expected_{};

 private:
  TempDir temp_{};
  std::uint64_t random_{88172645463325252ULL};
  std::int64_t wall_ms_{500};
};

TEST_F(IndexTest, ANewIndexIsEmpty) {
  auto index = open(Seq{});
  EXPECT_EQ(index->applied(), Seq{});
  EXPECT_FALSE(index->rebuilt());
  EXPECT_TRUE(index->session_blocks(SessionId{1}, Seq{1}, kEnd, 10)->empty());
}

TEST_F(IndexTest, ItAnswersAsAScanDoesWhileEntriesAreInMemory) {
  auto index = open(Seq{});
  feed(*index, 300, 40);
  expect_right(*index);
}

TEST_F(IndexTest, ItAnswersAsAScanDoesAcrossMemoryAndDisk) {
  auto index = open(Seq{});
  feed(*index, 9'000, 3);
  expect_right(*index);
  feed(*index, 2'000, 500);
  expect_right(*index);
  feed(*index, 10, 5);
  expect_right(*index);
}

TEST_F(IndexTest, ItIsKeptWhenClosedCleanly) {
  {
    auto index = open(Seq{});
    feed(*index, 3'000, 50);
    ASSERT_TRUE(index->close_clean());
  }
  auto index = open(last_, kOtherBoot);
  EXPECT_FALSE(index->rebuilt());
  expect_right(*index);
  feed(*index, 3'000, 50);
  expect_right(*index);
}

TEST_F(IndexTest, AfterACrashUnderTheSameBootItGoesOnWhereItWas) {
  {
    auto index = open(Seq{});
    feed(*index, 9'000, 50);
  }
  auto index = open(last_);
  EXPECT_FALSE(index->rebuilt());
  EXPECT_GT(index->applied(), Seq{});
  EXPECT_LE(index->applied(), last_);
}

TEST_F(IndexTest, AfterACrashUnderAnotherBootItIsDeletedUnopened) {
  {
    auto index = open(Seq{});
    feed(*index, 9'000, 50);
  }
  // Were it opened, this would be an error or a crash.
  std::ofstream(dir() / "data.mdb", std::ios::trunc) << std::string(50'000, 'z');
  auto index = open(last_, kOtherBoot);
  EXPECT_TRUE(index->rebuilt());
  EXPECT_EQ(index->applied(), Seq{});
}

TEST_F(IndexTest, AnUnknownBootIsNotTheSameBoot) {
  { open(Seq{}, Bits128{}); }
  EXPECT_TRUE(open(Seq{}, Bits128{})->rebuilt());
}

TEST_F(IndexTest, OfAnotherEpochItIsRebuilt) {
  {
    auto index = open(Seq{});
    feed(*index, 10, 5);
    ASSERT_TRUE(index->close_clean());
  }
  auto index = open(last_, kBoot, Bits128{.hi = 1, .lo = 1});
  EXPECT_TRUE(index->rebuilt());
  EXPECT_EQ(index->applied(), Seq{});
}

TEST_F(IndexTest, AheadOfTheJournalItIsRebuilt) {
  {
    auto index = open(Seq{});
    feed(*index, 10, 5);
    ASSERT_TRUE(index->close_clean());
  }
  auto index = open(Seq{last_.value - 1});
  EXPECT_TRUE(index->rebuilt());
  EXPECT_EQ(index->applied(), Seq{});
}

TEST_F(IndexTest, WithADamagedOrMissingMarkItIsRebuilt) {
  for (const bool missing : {true, false}) {
    {
      auto index = open(last_);
      ASSERT_TRUE(index->close_clean());
    }
    const fs::path mark = dir() / "mark";
    if (missing) {
      fs::remove(mark);
    } else {
      std::fstream out(mark, std::ios::binary | std::ios::in | std::ios::out);
      out.seekp(40);
      out.put(7);
    }
    EXPECT_FALSE(read_mark(dir()));
    EXPECT_TRUE(open(last_)->rebuilt());
  }
}

TEST_F(IndexTest, OfAnotherFormatItIsRebuilt) {
  {
    auto index = open(last_);
    ASSERT_TRUE(index->close_clean());
  }
  {
    std::fstream out(dir() / "mark", std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(4);
    out.put(1);
  }
  EXPECT_TRUE(open(last_)->rebuilt());
}

TEST_F(IndexTest, AForeignFileUnderACleanMarkIsRebuilt) {
  {
    auto index = open(last_);
    ASSERT_TRUE(index->close_clean());
  }
  std::ofstream(dir() / "data.mdb", std::ios::trunc) << std::string(50'000, 'z');
  auto index = open(last_);
  EXPECT_TRUE(index->rebuilt());
  feed(*index, 5, 5);
  expect_right(*index);
}

TEST_F(IndexTest, ADiscardedOneIsMadeAnewAlsoUnderTheSameBoot) {
  {
    auto index = open(Seq{});
    feed(*index, 9'000, 50);
  }
  ASSERT_TRUE(Index::discard(dir()));
  EXPECT_FALSE(fs::exists(dir()));
  auto index = open(last_);
  EXPECT_EQ(index->applied(), Seq{});
}

TEST_F(IndexTest, WithoutAMarkItIsNotOpenedButMadeAnewUnderTheSameBoot) {
  {
    auto index = open(Seq{});
    feed(*index, 9'000, 50);
  }
  fs::remove(dir() / "mark");  // the first thing discard() does
  auto index = open(last_);
  EXPECT_TRUE(index->rebuilt());
  EXPECT_EQ(index->applied(), Seq{});
}

TEST_F(IndexTest, WhatIsNotCommittedIsNotSeen) {
  auto index = open(Seq{});
  feed(*index, 5, 1);
  const Seq committed = last_;
  Batch batch;
  batch.begin(next(last_));
  batch.append(message_header(77, 1), {});
  batch.finish();
  auto header = load<BlockHeader>(batch.block(0).data());
  header.crc32c = block_crc32c(batch.block(0));
  store(batch.block(0).data(), header);
  index->add(*BlockView::verify(batch.block(0), batch.first()));
  EXPECT_EQ(index->applied(), committed);
  EXPECT_TRUE(index->session_blocks(SessionId{77}, Seq{1}, kEnd, 10)->empty());
  ASSERT_TRUE(index->commit());
  EXPECT_EQ(index->session_blocks(SessionId{77}, Seq{1}, kEnd, 10)->size(), 1U);
}

TEST_F(IndexTest, TheMarkIsUncleanWhileOpen) {
  auto index = open(Seq{});
  const auto mark = read_mark(dir());
  ASSERT_TRUE(mark);
  EXPECT_FALSE(mark->clean);
  EXPECT_EQ(mark->boot_id, kBoot);
  ASSERT_TRUE(index->close_clean());
  EXPECT_TRUE(read_mark(dir())->clean);
}

}  // namespace
}  // namespace spine::journal
