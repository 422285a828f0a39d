// Tests of journal/block.h: what verify() finds.
#include "journal/block.h"

#include <gtest/gtest.h>

#include "journal/crc32c.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

// A closed block with its checksum, in storage of its own.
struct Stored {
  std::vector<std::uint64_t> words{};
  std::size_t bytes{};

  MutableByteSpan view() { return {reinterpret_cast<std::byte*>(words.data()), bytes}; }
  BlockHeader header() { return load<BlockHeader>(view().data()); }
  void set_header(BlockHeader header) {
    header.crc32c = 0;
    store(view().data(), header);
    header.crc32c = block_crc32c(view());
    store(view().data(), header);
  }
  void refresh_checksum() { set_header(header()); }
};

Stored stored(Batch& batch, std::size_t index = 0) {
  batch.finish();
  const ByteSpan from = batch.block(index);
  Stored out;
  out.bytes = from.size();
  out.words.resize(from.size() / 8);
  std::memcpy(out.words.data(), from.data(), from.size());
  out.refresh_checksum();
  return out;
}

Stored three_messages() {
  Batch batch;
  batch.begin(Seq{10});
  batch.append(message_header(5, 100), message_body("one"));
  batch.append(message_header(6, 200), message_body("two and some more"));
  batch.append(message_header(5, 150), message_body(""));
  return stored(batch);
}

std::string complaint(Stored& block, Seq first = Seq{10}) {
  const Result<BlockView> view = BlockView::verify(block.view(), first);
  if (view) return "";
  EXPECT_EQ(view.error().code, Errc::corrupt);
  return view.error().message;
}

TEST(Block, AVerifiedBlockGivesItsEvents) {
  Stored block = three_messages();
  const Result<BlockView> view = BlockView::verify(block.view(), Seq{10});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->first(), Seq{10});
  EXPECT_EQ(view->last(), Seq{12});
  EXPECT_EQ(view->count(), 3U);
  EXPECT_EQ(view->header().first_wall_ms, 100);
  EXPECT_EQ(view->header().last_wall_ms, 150);
  EXPECT_EQ(text_of(view->event(1)), "two and some more");
  EXPECT_EQ(view->event(1).seq, Seq{11});
  EXPECT_EQ(view->event(2).header.session, 5U);
  for (std::uint32_t i = 0; i < 3; ++i)
    EXPECT_TRUE(is_aligned8(view->event(i).body.data()));
}

TEST(Block, EverySingleBitFlipIsFound) {
  Stored block = three_messages();
  const MutableByteSpan bytes = block.view();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[i] ^= static_cast<std::byte>(1 << bit);
      ASSERT_FALSE(BlockView::verify(bytes, Seq{10})) << i;
      bytes[i] ^= static_cast<std::byte>(1 << bit);
    }
  }
  EXPECT_EQ(complaint(block), "");
}

TEST(Block, EveryTruncationIsFound) {
  Stored block = three_messages();
  for (std::size_t bytes = 0; bytes < block.bytes; ++bytes) {
    ASSERT_FALSE(BlockView::verify(block.view().first(bytes), Seq{10})) << bytes;
  }
}

TEST(Block, ABlockAtAnotherSeqIsRefused) {
  Stored block = three_messages();
  EXPECT_NE(complaint(block, Seq{11}).find("starts at seq 10, but it stands at seq 11"),
            std::string::npos);
}

TEST(Block, ANewerFormatIsNamedWithBothVersions) {
  Stored block = three_messages();
  BlockHeader header = block.header();
  header.version = kFormatVersion + 1;
  block.set_header(header);
  const Result<BlockView> view = BlockView::verify(block.view(), Seq{10});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Errc::newer_format);
  EXPECT_EQ(view.error().message,
            "the block has format 3, this program understands up to format 2");
}

// A version's flags can change what the block means: one that is not known is no damage, since the
// checksum is right, and the block is not read.
TEST(Block, AnUnknownFlagIsANewerFormat) {
  Stored block = three_messages();
  BlockHeader header = block.header();
  header.flags |= 1U << 5;
  block.set_header(header);
  const Result<BlockView> view = BlockView::verify(block.view(), Seq{10});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().code, Errc::newer_format);
  EXPECT_EQ(view.error().message, "the block has flags 0x20, which this program does not know");
}

TEST(Block, BlocksOfFormat1AreReadAndHaveNoFlags) {
  Stored block = three_messages();
  BlockHeader header = block.header();
  header.version = 1;
  block.set_header(header);
  EXPECT_EQ(complaint(block), "unknown block flags 0x1");
  header.flags = 0;
  block.set_header(header);
  const Result<BlockView> view = BlockView::verify(block.view(), Seq{10});
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_TRUE(view->may_end_commit());
  EXPECT_EQ(text_of(view->event(1)), "two and some more");
}

TEST(Block, OnlyTheLastBlockOfACommitMayEndIt) {
  Stored block = three_messages();
  EXPECT_TRUE(BlockView::verify(block.view(), Seq{10})->may_end_commit());
  BlockHeader header = block.header();
  header.flags = 0;
  block.set_header(header);
  EXPECT_FALSE(BlockView::verify(block.view(), Seq{10})->may_end_commit());
}

TEST(Block, ADamagedVersionIsDamageAndNotANewerFormat) {
  Stored block = three_messages();
  block.view()[offsetof(BlockHeader, version)] = std::byte{9};
  EXPECT_NE(complaint(block).find("checksum"), std::string::npos);
}

TEST(Block, AMisalignedBlockIsRefused) {
  Stored block = three_messages();
  std::vector<std::uint64_t> elsewhere(block.words.size() + 1);
  auto* start = reinterpret_cast<std::byte*>(elsewhere.data());
  std::memcpy(start + 4, block.words.data(), block.bytes);
  const Result<BlockView> view = BlockView::verify({start + 4, block.bytes}, Seq{10});
  ASSERT_FALSE(view);
  EXPECT_EQ(view.error().message, "the block does not stand at a multiple of 8");
}

// Damage that comes with a right checksum: our own bug, or malice.
TEST(Block, AHeaderThatLiesIsRefusedDespiteItsChecksum) {
  const auto with = [](auto change) {
    Stored block = three_messages();
    BlockHeader header = block.header();
    change(header);
    block.set_header(header);
    return complaint(block);
  };
  EXPECT_NE(with([](BlockHeader& h) { h.magic ^= 1; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.version = 0; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.bytes += 8; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.count = 0; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.count = 2; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.count = 4; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.count = 0xFFFFFFFF; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.table_offset -= 8; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.table_offset += 1; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.table_offset = 0; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.table_offset = 0xFFFFFFF8; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.last_wall_ms += 1; }), "");
  EXPECT_NE(with([](BlockHeader& h) { h.first_logical_ms += 1; }), "");
}

TEST(Block, SeqsThatWouldOverflowAreRefused) {
  Stored block = three_messages();
  BlockHeader header = block.header();
  header.first_seq = 0xFFFFFFFFFFFFFFFEULL;
  block.set_header(header);
  EXPECT_NE(complaint(block, Seq{header.first_seq}), "");
  header.first_seq = 0;
  block.set_header(header);
  EXPECT_NE(complaint(block, Seq{0}), "");
}

TEST(Block, RecordsThatReachOutsideOrOverlapAreRefused) {
  const auto with = [](std::size_t at, std::uint32_t value) {
    Stored block = three_messages();
    store(block.view().data() + at, value);
    block.refresh_checksum();
    return complaint(block);
  };
  Stored block = three_messages();
  const std::size_t table = block.header().table_offset;
  const auto second = load<std::uint32_t>(block.view().data() + table + 4);
  EXPECT_NE(with(table, 120), "");             // does not start behind the header
  EXPECT_NE(with(table + 4, second + 8), "");  // a gap
  EXPECT_NE(with(table + 4, second - 8), "");  // an overlap
  EXPECT_NE(with(table + 4, 0xFFFFFFF8), "");
  EXPECT_NE(with(table + 8, second), "");   // not ascending
  EXPECT_NE(with(second, 0xFFFFFFFF), "");  // body_bytes
  EXPECT_NE(with(second, 1 << 20), "");
  EXPECT_NE(with(second, 0), "");
}

TEST(Block, PaddingThatIsNotZeroIsRefused) {
  Batch batch;
  batch.begin(Seq{10});
  batch.append(message_header(), as_bytes("12345"));
  Stored block = stored(batch);
  EXPECT_EQ(complaint(block), "");
  const std::size_t after_body = sizeof(BlockHeader) + sizeof(RecordHeader) + 5;
  block.view()[after_body] = std::byte{1};
  block.refresh_checksum();
  EXPECT_NE(complaint(block).find("padding of record 0"), std::string::npos);
  block.view()[after_body] = std::byte{0};
  block.view()[block.bytes - 1] = std::byte{1};
  block.refresh_checksum();
  EXPECT_EQ(complaint(block), "the block's padding is not zero");
}

TEST(Block, Sha256IsThatOfTheWholeBlock) {
  // FIPS 180-2, appendix B.1 fixes the algorithm; the block only chooses the bytes.
  Stored block = three_messages();
  const Result<BlockView> view = BlockView::verify(block.view(), Seq{10});
  ASSERT_TRUE(view);
  const Digest256 before = view->sha256();
  BlockHeader header = block.header();
  header.previous[31] = std::byte{1};
  block.set_header(header);
  EXPECT_NE(BlockView::verify(block.view(), Seq{10})->sha256(), before);
}

}  // namespace
}  // namespace spine::journal
