// Tests of journal/batch.h: cutting records into blocks.
#include "journal/batch.h"

#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

std::vector<std::byte> noise(std::size_t bytes, std::uint64_t seed) {
  std::vector<std::byte> out(bytes);
  std::uint64_t x = seed * 0x9E3779B97F4A7C15ULL + 1;
  for (std::byte& byte : out) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    byte = static_cast<std::byte>(x);
  }
  return out;
}

// Gives the blocks what commit would, and expects every record back.
void expect_round_trip(Batch& batch, const std::vector<std::vector<std::byte>>& bodies) {
  batch.finish();
  std::size_t index = 0;
  for (std::size_t b = 0; b < batch.block_count(); ++b) {
    const MutableByteSpan block = batch.block(b);
    ASSERT_TRUE(is_aligned8(block.data()));
    auto header = load<BlockHeader>(block.data());
    ASSERT_EQ(header.flags, b + 1 == batch.block_count() ? block_flag::kCommitEnd : 0);
    header.crc32c = block_crc32c(block);
    store(block.data(), header);
    const Result<BlockView> view = BlockView::verify(block, batch.block_first(b));
    ASSERT_TRUE(view) << view.error().message;
    ASSERT_TRUE(view->count() == 1 || block.size() <= limits::kBlockBytes);
    for (std::uint32_t i = 0; i < view->count(); ++i, ++index) {
      const EventView event = view->event(i);
      ASSERT_EQ(event.seq.value, batch.first().value + index);
      ASSERT_TRUE(std::ranges::equal(event.body, bodies[index]));
      ASSERT_TRUE(is_aligned8(event.body.data()));
      const EventView early = batch.event(event.seq);
      ASSERT_EQ(early.seq, event.seq);
      ASSERT_EQ(early.body.data(), event.body.data());
    }
  }
  ASSERT_EQ(index, bodies.size());
}

TEST(Batch, OneRecordOfEverySizeComesBack) {
  Batch batch;
  for (std::size_t bytes = 0; bytes < 300; ++bytes) {
    batch.begin(Seq{bytes + 1});
    const auto body = noise(bytes, bytes);
    EXPECT_EQ(batch.append(message_header(), body), Seq{bytes + 1});
    EXPECT_EQ(batch.count(), 1U);
    expect_round_trip(batch, {body});
    EXPECT_EQ(batch.block_count(), 1U);
  }
}

TEST(Batch, MixedSizesAreCutIntoBlocksAndComeBack) {
  Batch batch;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    batch.begin(Seq{seed * 1'000'000});
    std::vector<std::vector<std::byte>> bodies;
    for (std::uint64_t i = 0; i < 400; ++i) {
      const std::uint64_t r = (seed * 7919 + i) * 2654435761U;
      const std::size_t bytes = r % 17 == 0 ? r % 90'000 : r % 700;
      bodies.push_back(noise(bytes, r));
      batch.append(message_header(), bodies.back());
      const EventView event = batch.event(batch.last());
      ASSERT_TRUE(std::ranges::equal(event.body, bodies.back()));
    }
    EXPECT_GT(batch.block_count(), 3U);
    expect_round_trip(batch, bodies);
  }
}

TEST(Batch, ABlockIsFilledToTheLastByteAndNotFurther) {
  // header + record header + body + one table entry, rounded: exactly kBlockBytes.
  const std::size_t exact = limits::kBlockBytes - sizeof(BlockHeader) - sizeof(RecordHeader) - 8;
  Batch batch;
  batch.begin(Seq{1});
  batch.append(message_header(), noise(exact, 1));
  batch.append(message_header(), noise(0, 2));
  expect_round_trip(batch, {noise(exact, 1), noise(0, 2)});
  ASSERT_EQ(batch.block_count(), 2U);
  EXPECT_EQ(batch.block(0).size(), limits::kBlockBytes);

  // Two records whose common table entry pair also fills it exactly.
  const std::size_t rest = exact - sizeof(RecordHeader) - 80;
  batch.begin(Seq{1});
  batch.append(message_header(), noise(rest, 3));
  batch.append(message_header(), noise(80, 4));
  batch.append(message_header(), noise(8, 5));
  expect_round_trip(batch, {noise(rest, 3), noise(80, 4), noise(8, 5)});
  ASSERT_EQ(batch.block_count(), 2U);
  EXPECT_EQ(batch.block(0).size(), limits::kBlockBytes);

  // One byte more in the second record does not fit any longer.
  batch.begin(Seq{1});
  batch.append(message_header(), noise(rest, 3));
  batch.append(message_header(), noise(81, 4));
  batch.finish();
  EXPECT_EQ(batch.block_count(), 2U);
}

TEST(Batch, TheTableOfManySmallRecordsStaysInsideTheBlock) {
  Batch batch;
  batch.begin(Seq{1});
  const std::vector<std::vector<std::byte>> bodies(5'000);
  for (std::size_t i = 0; i < bodies.size(); ++i)
    batch.append(message_header(), bodies[i]);
  expect_round_trip(batch, bodies);
  for (std::size_t i = 0; i + 1 < batch.block_count(); ++i) {
    EXPECT_GT(batch.block(i).size(), limits::kBlockBytes - 80);
  }
}

TEST(Batch, ALargeRecordIsABlockOfItsOwn) {
  Batch batch;
  batch.begin(Seq{1});
  std::vector<std::vector<std::byte>> bodies{noise(100, 1), noise(200'000, 2), noise(100, 3)};
  for (const auto& body : bodies)
    batch.append(message_header(), body);
  expect_round_trip(batch, bodies);
  ASSERT_EQ(batch.block_count(), 3U);
  EXPECT_EQ(batch.block_first(1), Seq{2});
}

TEST(Batch, TheLargestRecordFitsTheLargestBlock) {
  Batch batch;
  batch.begin(Seq{1});
  const std::vector<std::byte> body(kBodyBytesMax, std::byte{7});
  batch.append(message_header(), body);
  expect_round_trip(batch, {body});
  EXPECT_EQ(batch.block(0).size(), limits::kLargeBlockBytesMax);
}

TEST(BatchDeathTest, ALargerRecordIsOurBug) {
  Batch batch;
  batch.begin(Seq{1});
  const std::vector<std::byte> body(kBodyBytesMax + 1);
  EXPECT_DEATH(batch.append(message_header(), body), "check failed");
}

TEST(Batch, BytesCountsWhatFinishedBlocksWillHave) {
  Batch batch;
  batch.begin(Seq{1});
  EXPECT_EQ(batch.bytes(), 0U);
  EXPECT_TRUE(batch.empty());
  for (int i = 0; i < 500; ++i)
    batch.append(message_header(), noise(333, 1));
  const std::size_t open = batch.bytes();
  batch.finish();
  EXPECT_EQ(batch.bytes(), open);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < batch.block_count(); ++i)
    sum += batch.block(i).size();
  EXPECT_EQ(sum, open);
}

TEST(Batch, BeginForgetsAndUnfinishedLeftoversLeaveNoTrace) {
  Batch batch;
  batch.begin(Seq{1});
  for (int i = 0; i < 100; ++i)
    batch.append(message_header(), noise(777, 9));
  batch.begin(Seq{50});
  EXPECT_TRUE(batch.empty());
  const auto body = noise(3, 1);
  batch.append(message_header(), body);
  expect_round_trip(batch, {body});  // verify() refuses padding with old bytes in it
  EXPECT_EQ(batch.first(), Seq{50});
  EXPECT_EQ(batch.last(), Seq{50});
}

TEST(Batch, TheHeaderIsKeptButForTheLengthOfTheBody) {
  Batch batch;
  batch.begin(Seq{1});
  RecordHeader header = message_header(12, -5);
  header.body_bytes = 99;
  header.principal = 3;
  header.cause = 4;
  header.correlation = 5;
  header.key_id = 6;
  batch.append(header, as_bytes("abc"));
  header.body_bytes = 3;
  const RecordHeader got = batch.event(Seq{1}).header;
  EXPECT_EQ(std::memcmp(&got, &header, sizeof(header)), 0);
}

}  // namespace
}  // namespace spine::journal
