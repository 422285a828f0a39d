// FollowerIndex: an index that fails stays behind or is made again; nothing stops because of it.
#include "engine/pipeline/follower/follower_index.h"

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <optional>
#include <sys/resource.h>
#include <thread>

#include "journal/lmdb.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/replay/story.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr Bits128 kIndexEpoch{7, 9};
constexpr Bits128 kIndexBoot{1, 2};
constexpr Seq kIndexEnd{~0ULL};

// While it lives no file of this process can grow beyond some bytes.
class FullDisk {
 public:
  FullDisk() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = 64 * limits::kKiB;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

// Ends a list of blocks with bytes that are none.
void damage_postings(const fs::path& dir, std::uint64_t session) {
  journal::EnvironmentOptions options;
  options.dir = dir;
  options.access = journal::Access::write;
  options.map_bytes = limits::kIndexMapBytes;
  options.databases_max = 4;
  auto env = journal::Environment::open(options);
  ASSERT_TRUE(env) << env.error().message;
  auto transaction = journal::Transaction::begin_write(**env);
  ASSERT_TRUE(transaction);
  const auto database = transaction->named_database("sessions");
  ASSERT_TRUE(database);
  std::array<std::byte, 16> key{};
  store(key.data(), __builtin_bswap64(session));
  store(key.data() + 8, __builtin_bswap64(1ULL << 40));
  const std::array<std::byte, 1> piece{std::byte{0x80}};
  ASSERT_TRUE(transaction->put(*database, key, piece));
  ASSERT_TRUE(transaction->commit());
}

class FollowerIndexTest : public ::testing::Test {
 protected:
  FollowerIndexTest() {
    auto opened = journal::Journal::open(temp_.path() / "journal", kIndexEpoch);
    EXPECT_TRUE(opened);
    journal_ = std::move(opened).value();
    reader_.emplace(journal_->reader());
  }

  fs::path dir() const { return temp_.path() / "index"; }

  FollowerIndex open(std::uint64_t retry_ms = 0) {
    return FollowerIndex{
        {.dir = dir(), .epoch = kIndexEpoch, .boot = kIndexBoot, .retry_ms = retry_ms},
        journal_->last()};
  }

  // Commits events, each of a session of its own: that of its seq.
  void commit(std::uint64_t count) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(fb::MessageReceivedBuilder(builder).Finish());
    const ByteSpan body{reinterpret_cast<const std::byte*>(builder.GetBufferPointer()),
                        builder.GetSize()};
    journal::Batch batch;
    batch.begin(next(journal_->last()));
    for (std::uint64_t i = 0; i < count; ++i) {
      RecordHeader header;
      header.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived);
      header.session = journal_->last().value + 1 + i;
      batch.append(header, body);
    }
    ASSERT_TRUE(journal_->ensure_space(batch.bytes(), journal::SpaceClass::intake));
    ASSERT_TRUE(journal_->commit(batch));
    ASSERT_TRUE(reader_->renew());
  }

  void feed(FollowerIndex& index) {
    for (int i = 0; i < 100 && index.wants(journal_->last()); ++i)
      ASSERT_TRUE(index.feed(*reader_, journal_->last()));
  }

  static std::size_t found(FollowerIndex& index, std::uint64_t session) {
    const auto blocks = index.session_blocks(SessionId{session}, Seq{1}, kIndexEnd, 10);
    EXPECT_TRUE(blocks);
    return blocks ? blocks->size() : 0;
  }

  replay::TempDir temp_{};
  std::unique_ptr<journal::Journal> journal_{};
  std::optional<journal::Reader> reader_{};
};

TEST_F(FollowerIndexTest, OnAFullDiskItStaysBehindAndCatchesUpWhenThereIsRoom) {
  commit(20'000);
  FollowerIndex index = open();
  const Seq first_part = journal_->last();
  {
    const FullDisk full;
    ASSERT_TRUE(index.feed(*reader_, first_part));
    EXPECT_TRUE(index.wants(first_part)) << "what it could not write is tried again";
    EXPECT_EQ(found(index, 19'999), 1U) << "and can be found meanwhile";
    ASSERT_TRUE(index.feed(*reader_, first_part));
  }
  commit(100);
  const auto block = reader_->block_of(next(first_part));
  ASSERT_TRUE(block);
  index.add(*block);
  index.commit();
  EXPECT_EQ(index.applied(), first_part) << "nothing is added while it fails";
  EXPECT_EQ(found(index, 20'050), 0U);
  feed(index);
  EXPECT_FALSE(index.wants(journal_->last()));
  EXPECT_EQ(index.applied(), journal_->last());
  EXPECT_EQ(found(index, 19'999), 1U);
  EXPECT_EQ(found(index, 20'050), 1U);
}

TEST_F(FollowerIndexTest, ItIsNotTriedAgainBeforeSomeTimeHasPassed) {
  commit(20'000);
  FollowerIndex index = open(60'000);
  {
    const FullDisk full;
    ASSERT_TRUE(index.feed(*reader_, journal_->last()));
  }
  EXPECT_FALSE(index.wants(journal_->last()));
}

TEST_F(FollowerIndexTest, DamageThatAFeedMeetsMakesItAnewAtOnce) {
  commit(10);
  {
    FollowerIndex index = open();
    feed(index);
    index.close();
  }
  damage_postings(dir(), 20'000);
  commit(20'000);
  FollowerIndex index = open(60'000);
  EXPECT_EQ(index.applied(), Seq{10});
  feed(index);
  EXPECT_EQ(index.applied(), journal_->last());
  EXPECT_EQ(found(index, 5), 1U);
  EXPECT_EQ(found(index, 20'000), 1U);
}

TEST_F(FollowerIndexTest, DamageThatAReadMeetsMakesItAnew) {
  commit(10);
  {
    FollowerIndex index = open();
    feed(index);
    index.close();
  }
  damage_postings(dir(), 5);
  FollowerIndex index = open(60'000);
  EXPECT_EQ(found(index, 5), 0U);
  EXPECT_EQ(index.applied(), Seq{});
  feed(index);
  EXPECT_EQ(index.applied(), journal_->last());
  EXPECT_EQ(found(index, 5), 1U);
}

TEST_F(FollowerIndexTest, WhenItsMarkCannotBeWrittenThereIsNoneForNow) {
  commit(10);
  {
    FollowerIndex index = open();
    feed(index);
    index.close();
  }
  fs::create_directories(dir() / "mark.partial" / "in the way");
  FollowerIndex index = open();
  EXPECT_EQ(index.applied(), Seq{});
  EXPECT_EQ(found(index, 5), 0U);
  ASSERT_TRUE(index.feed(*reader_, journal_->last()));
  EXPECT_EQ(index.applied(), Seq{});
  index.close();
  fs::remove_all(dir() / "mark.partial");
  feed(index);
  EXPECT_EQ(index.applied(), journal_->last());
  EXPECT_EQ(found(index, 5), 1U);
}

TEST_F(FollowerIndexTest, AStopOnAFullDiskIsAStop) {
  commit(10'000);
  {
    FollowerIndex index = open();
    feed(index);
    const FullDisk full;
    index.close();
  }
  FollowerIndex index = open();
  feed(index);
  EXPECT_EQ(index.applied(), journal_->last());
  EXPECT_EQ(found(index, 9'999), 1U);
}

}  // namespace
}  // namespace spine::pipeline
