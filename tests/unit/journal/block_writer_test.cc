// Tests of journal/block_writer.h: blocks of one journal in another, as they are.
#include "journal/block_writer.h"

#include <gtest/gtest.h>

#include "journal/lmdb.h"
#include "journal/scan.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

TEST(BlockWriter, ACopyFromTheMiddleHasTheSameBlocksInTheSameOrder) {
  const TempDir source;
  const TempDir copy;
  auto journal = Journal::open(source.path(), kEpoch);
  ASSERT_TRUE(journal);
  Batch batch;
  for (int commit = 0; commit < 12; ++commit) {  // more than one transaction of the copy
    batch.begin(next((*journal)->last()));
    batch.append(message_header(), message_body(std::string(1'000'000, 'x')));
    batch.append(message_header(), message_body("short"));
    ASSERT_TRUE((*journal)->ensure_space(batch.bytes(), SpaceClass::intake));
    ASSERT_TRUE((*journal)->commit(batch));
  }
  Reader reader = (*journal)->reader();
  ASSERT_TRUE(reader.renew());
  const fs::path dir = copy.path() / "journal";
  auto writer = BlockWriter::create(dir);
  ASSERT_TRUE(writer) << writer.error().message;
  constexpr Seq kFrom{7};
  for (Seq at = kFrom; at <= reader.last();) {
    const auto block = reader.block_of(at);
    ASSERT_TRUE(block);
    ASSERT_TRUE((*writer)->append(block->bytes()));
    at = next(block->last());
  }
  ASSERT_TRUE((*writer)->finish());
  EXPECT_FALSE(fs::exists(dir / "lock.mdb"));
  auto written = Reader::open_read_only(dir);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->first(), kFrom);
  EXPECT_EQ(written->last(), reader.last());
  EXPECT_EQ(written->epoch(), kEpoch);
  for (Seq at = kFrom; at <= reader.last();) {
    const auto own = written->block_of(at);
    const auto of = reader.block_of(at);
    ASSERT_TRUE(own && of);
    EXPECT_TRUE(std::ranges::equal(own->bytes(), of->bytes()));
    at = next(own->last());
  }
  // The records of these tests have no causes, which a scan names.
  const ScanReport part = scan(*written, std::chrono::milliseconds(500), kFrom);
  EXPECT_EQ(part.first, kFrom);
  const ScanReport whole = scan(*written);
  EXPECT_EQ(whole.damages_total, part.damages_total + 1) << "a whole journal has a beginning";
  EXPECT_EQ(whole.damages.front().last, Seq{6});
}

TEST(BlockWriter, AJournalThatIsThereIsLeftAlone) {
  const TempDir dir;
  ASSERT_TRUE(Journal::open(dir.path(), kEpoch));
  const auto writer = BlockWriter::create(dir.path());
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().code, Errc::in_use);
}

}  // namespace
}  // namespace spine::journal
