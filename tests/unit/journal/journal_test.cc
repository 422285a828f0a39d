// Tests of journal/journal.h: opening, committing, recovery, refusal of damage.
#include "journal/journal.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/lmdb.h"
#include "journal/scan.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/sha256.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// Puts a block's bytes under a key, past everything the journal checks.
void append_raw(const fs::path& dir, std::uint64_t key, ByteSpan bytes) {
  EnvironmentOptions options;
  options.dir = dir;
  options.access = Access::write;
  options.map_bytes = limits::kJournalMapBytes;
  auto env = Environment::open(options);
  ASSERT_TRUE(env) << env.error().message;
  auto transaction = Transaction::begin_write(**env);
  ASSERT_TRUE(transaction);
  auto database = transaction->integer_database();
  ASSERT_TRUE(database);
  auto place = transaction->append_reserved(*database, key, bytes.size());
  ASSERT_TRUE(place);
  std::memcpy(*place, bytes.data(), bytes.size());
  ASSERT_TRUE(transaction->commit());
}

struct BlockChange {
  std::uint16_t version{kFormatVersion};
  std::uint16_t flags{block_flag::kCommitEnd};
  Digest256 previous{};
  Bits128 epoch{kEpoch};
  std::uint16_t kind{kMessage};
  std::uint16_t record_flags{record_flag::kInput};
  std::vector<std::byte> body{message_body("x")};
};

// A block of one record, complete but for what a test makes wrong.
std::vector<std::byte> one_block(Seq seq, const BlockChange& change) {
  Batch batch;
  batch.begin(seq);
  RecordHeader record = message_header();
  record.kind = change.kind;
  record.flags = change.record_flags;
  batch.append(record, change.body);
  batch.finish();
  const MutableByteSpan block = batch.block(0);
  auto header = load<BlockHeader>(block.data());
  header.version = change.version;
  header.flags = change.flags;
  header.epoch_hi = change.epoch.hi;
  header.epoch_lo = change.epoch.lo;
  header.previous = change.previous;
  store(block.data(), header);
  header.crc32c = block_crc32c(block);
  store(block.data(), header);
  return {block.begin(), block.end()};
}

// Overwrites bytes of data.mdb where they first occur.
void patch_file(const fs::path& file, std::string_view from, std::string_view to) {
  std::ifstream in(file, std::ios::binary);
  std::string content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::size_t at = content.find(from);
  ASSERT_NE(at, std::string::npos);
  std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
  out.seekp(static_cast<std::streamoff>(at));
  out.write(to.data(), static_cast<std::streamsize>(to.size()));
}

Error open_error(const fs::path& dir) {
  auto opened = Journal::open(dir, kEpoch);
  if (!opened) return opened.error();
  ADD_FAILURE() << "the journal opened";
  return Error{};
}

class JournalTest : public testing::Test {
 protected:
  fs::path dir() const { return temp_.path() / "state" / "journal"; }
  fs::path data() const { return dir() / "data.mdb"; }

 private:
  TempDir temp_{};
};

TEST_F(JournalTest, ANewJournalIsEmptyPrivateAndTakesTheEpoch) {
  auto journal = open_journal(dir());
  ASSERT_TRUE(journal);
  EXPECT_TRUE(journal->report().created);
  EXPECT_EQ(journal->epoch(), kEpoch);
  EXPECT_EQ(journal->last(), Seq{});
  EXPECT_EQ(journal->durable(), Seq{});
  EXPECT_EQ(journal->head(), Digest256{});
  EXPECT_EQ(fs::status(dir()).permissions(), fs::perms::owner_all);
  EXPECT_EQ(fs::status(data()).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(fs::exists(dir() / "creating"));
}

TEST_F(JournalTest, WhatWasCommittedIsThereAfterReopening) {
  Digest256 head{};
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 20, 1);
    commit_messages(*journal, 10, 500);
    EXPECT_EQ(journal->last(), Seq{5'020});
    EXPECT_EQ(journal->durable(), Seq{5'020});
    head = journal->head();
  }
  auto journal = Journal::open(dir(), Bits128{.hi = 1, .lo = 2});
  ASSERT_TRUE(journal) << journal.error().message;
  EXPECT_FALSE((*journal)->report().created);
  EXPECT_EQ((*journal)->last(), Seq{5'020});
  EXPECT_EQ((*journal)->report().tail_blocks_checked, 30U);
  EXPECT_GT((*journal)->file_bytes(), 0U);
  EXPECT_EQ((*journal)->epoch(), kEpoch);
  EXPECT_EQ((*journal)->head(), head);
  commit_messages(**journal, 3, 7);
  Reader reader = (*journal)->reader();
  expect_whole(reader, Seq{5'041});
}

TEST_F(JournalTest, TheTailCheckIsBoundedByBlocks) {
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 100, 1);
  }
  EXPECT_EQ(open_journal(dir())->report().tail_blocks_checked, 64U);
}

TEST_F(JournalTest, TheLargestRecordSurvives) {
  const std::string text(30 * limits::kMiB, 'x');
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 1, 3);
    Batch batch;
    batch.begin(next(journal->last()));
    batch.append(message_header(), message_body(text));
    batch.append(message_header(), message_body("after"));
    ASSERT_TRUE(journal->ensure_space(batch.bytes(), SpaceClass::intake));
    ASSERT_TRUE(journal->commit(batch));
  }
  auto journal = open_journal(dir());
  EXPECT_EQ(journal->last(), Seq{5});
  Reader reader = journal->reader();
  ASSERT_TRUE(reader.renew());
  const Result<BlockView> block = reader.block_of(Seq{4});
  ASSERT_TRUE(block);
  EXPECT_EQ(block->count(), 1U);
  EXPECT_EQ(text_of(block->event(0)), text);
}

TEST_F(JournalTest, AFlippedBitInTheTailIsRefusedWithThePlaceAndWhatToDo) {
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 3, 50);
  }
  patch_file(data(), "message 77", "massage 77");
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.message.find("in the block at seq 51, the block's checksum is"),
            std::string::npos)
      << error.message;
  EXPECT_NE(error.message.find("spine journal verify"), std::string::npos);
  EXPECT_NE(error.message.find("spine restore DIR"), std::string::npos);
}

TEST_F(JournalTest, ABrokenChainIsNamed) {
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 2, 5);
  }
  append_raw(dir(), 11, one_block(Seq{11}, {}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.message.find("in the block at seq 11, the chain is broken"), std::string::npos)
      << error.message;
}

TEST_F(JournalTest, MissingEventsAreNamed) {
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 2, 5);
  }
  append_raw(dir(), 12, one_block(Seq{12}, {}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.message.find("in the block at seq 12, the block before it ends at seq 10"),
            std::string::npos)
      << error.message;
}

TEST_F(JournalTest, ABlockOfAnotherEpochIsRefused) {
  Digest256 head{};
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 1, 1);
    head = journal->head();
  }
  append_raw(dir(), 2, one_block(Seq{2}, {.previous = head, .epoch = {.hi = 7, .lo = 7}}));
  EXPECT_NE(open_error(dir()).message.find("epoch"), std::string::npos);
}

TEST_F(JournalTest, AFirstBlockWithAPredecessorIsRefused) {
  { ASSERT_TRUE(open_journal(dir())); }
  Digest256 previous{};
  previous[0] = std::byte{1};
  append_raw(dir(), 1, one_block(Seq{1}, {.previous = previous}));
  EXPECT_NE(open_error(dir()).message.find("claims to have a predecessor"), std::string::npos);
}

TEST_F(JournalTest, ANewerFormatIsRefusedNamingBothVersions) {
  { ASSERT_TRUE(open_journal(dir())); }
  append_raw(dir(), 1, one_block(Seq{1}, {.version = 3}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::newer_format);
  EXPECT_NE(error.message.find("format 3, this program understands up to format 2"),
            std::string::npos)
      << error.message;
}

TEST_F(JournalTest, AJournalOfFormat1GoesOnInFormat2) {
  { ASSERT_TRUE(open_journal(dir())); }
  Digest256 head{};
  for (std::uint64_t seq = 1; seq <= 3; ++seq) {
    const auto block = one_block(
        Seq{seq},
        {.version = 1, .flags = 0, .previous = head, .body = message_body(text_for(Seq{seq}))});
    append_raw(dir(), seq, block);
    head = sha256_of(block);
  }
  {
    auto journal = open_journal(dir());
    EXPECT_EQ(journal->head(), head);
    commit_messages(*journal, 2, 400);
  }
  auto journal = open_journal(dir());
  Reader reader = journal->reader();
  expect_whole(reader, Seq{803});
  ASSERT_TRUE(reader.renew());
  std::uint32_t blocks = 1;
  for (auto block = reader.block_of(Seq{1}); block->last() < reader.last(); ++blocks)
    block = reader.block_after(*block);
  EXPECT_EQ(journal->report().tail_blocks_checked, blocks);
  EXPECT_EQ(reader.block_of(Seq{3})->header().version, 1);
  EXPECT_EQ(reader.block_of(Seq{4})->header().version, 2);
  EXPECT_EQ(reader.block_of(Seq{4})->header().previous, head);
}

TEST_F(JournalTest, ACommitWithoutItsEndIsRefused) {
  { ASSERT_TRUE(open_journal(dir())); }
  append_raw(dir(), 1, one_block(Seq{1}, {.flags = 0}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.message.find("in the block at seq 1, the end of its commit is missing"),
            std::string::npos)
      << error.message;
  auto reader = Reader::open_read_only(dir());
  ASSERT_TRUE(reader);
  const ScanReport report = scan(*reader);
  ASSERT_FALSE(report.damages.empty());
  EXPECT_EQ(report.damages.back().first, Seq{1});
  EXPECT_NE(report.damages.back().what.find("the end of its commit is missing"), std::string::npos);
}

TEST_F(JournalTest, AnUnknownFlagOfABlockIsANewerFormat) {
  { ASSERT_TRUE(open_journal(dir())); }
  append_raw(dir(), 1, one_block(Seq{1}, {.flags = 0x8000}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::newer_format);
  EXPECT_NE(error.message.find("the block has flags 0x8000, which this program does not know. "
                               "Install that version or a later one."),
            std::string::npos)
      << error.message;
}

TEST_F(JournalTest, ASealedEventIsRefusedByName) {
  { ASSERT_TRUE(open_journal(dir())); }
  append_raw(dir(), 1, one_block(Seq{1}, {.record_flags = record_flag::kSealed}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::newer_format);
  EXPECT_NE(
      error.message.find("event 1 (MessageReceived) is sealed with key 0, and this version of "
                         "Spine opens no sealed events"),
      std::string::npos)
      << error.message;
}

TEST_F(JournalTest, AnEventOfAnUnknownKindIsANewerFormatToo) {
  { ASSERT_TRUE(open_journal(dir())); }
  append_raw(dir(), 1, one_block(Seq{1}, {.kind = 9'999}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::newer_format);
  EXPECT_NE(error.message.find("kind 9999"), std::string::npos) << error.message;
}

TEST_F(JournalTest, ABodyThatIsNoValidEventIsRefused) {
  { ASSERT_TRUE(open_journal(dir())); }
  append_raw(dir(), 1, one_block(Seq{1}, {.body = std::vector<std::byte>(40, std::byte{0xEE})}));
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.message.find("event 1 is not a valid MessageReceived"), std::string::npos)
      << error.message;
}

TEST_F(JournalTest, AFileThatIsCutShortIsRefused) {
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 5, 1'000);
  }
  fs::resize_file(data(), 40'960);
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.message.find("cut short"), std::string::npos) << error.message;
  EXPECT_FALSE(Reader::open_read_only(dir()));
}

TEST_F(JournalTest, AnEmptyFileIsDamageBecauseCreationNeverLeavesOne) {
  fs::create_directories(dir());
  { std::ofstream empty(data()); }
  EXPECT_EQ(open_error(dir()).code, Errc::corrupt);
}

TEST_F(JournalTest, AForeignFileIsRefused) {
  fs::create_directories(dir());
  {
    std::ofstream foreign(data());
    foreign << std::string(100'000, 'z');
  }
  const Error error = open_error(dir());
  EXPECT_EQ(error.code, Errc::corrupt);
  EXPECT_NE(error.message.find("spine restore DIR"), std::string::npos) << error.message;
}

TEST_F(JournalTest, AHalfDoneCreationIsDoneAgain) {
  fs::create_directories(dir() / "creating");
  { std::ofstream half(dir() / "creating" / "data.mdb"); }
  auto journal = open_journal(dir());
  ASSERT_TRUE(journal);
  commit_messages(*journal, 1, 1);
  EXPECT_FALSE(fs::exists(dir() / "creating"));
}

TEST_F(JournalTest, SpaceAheadDoesNotConfuseReopeningNorReaders) {
  for (std::uint64_t round = 1; round <= 3; ++round) {
    auto journal = open_journal(dir());
    commit_messages(*journal, 1, 100);
    // The file is far longer than what LMDB uses of it.
    EXPECT_GE(fs::file_size(data()), limits::kSpaceAheadBytes);
    EXPECT_GE(journal->file_bytes(), limits::kSpaceAheadBytes);
    journal.reset();
    auto reader = Reader::open_read_only(dir());
    ASSERT_TRUE(reader) << reader.error().message;
    expect_whole(*reader, Seq{100 * round});
  }
}

TEST_F(JournalTest, OnlyOneMayWrite) {
  auto journal = open_journal(dir());
  const pid_t child = ::fork();
  if (child == 0) {
    const auto second = Journal::open(dir(), kEpoch);
    ::_exit(!second && second.error().code == Errc::in_use ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  commit_messages(*journal, 1, 1);
  journal.reset();
  EXPECT_TRUE(open_journal(dir()));
}

TEST_F(JournalTest, ADirectoryThatCannotBeMadeIsAnErrorThatNamesIt) {
  TempDir temp;
  { std::ofstream file(temp.path() / "file"); }
  const auto opened = Journal::open(temp.path() / "file" / "journal", kEpoch);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("file"), std::string::npos) << opened.error().message;
}

TEST_F(JournalTest, TheSameBatchesMakeTheSameChain) {
  const auto head_of = [](const fs::path& where) {
    auto journal = open_journal(where);
    commit_messages(*journal, 4, 30);
    return journal->head();
  };
  TempDir other;
  const Digest256 head = head_of(dir());
  EXPECT_EQ(head, head_of(other.path() / "journal"));
  EXPECT_NE(head, Digest256{});
}

TEST(JournalDeathTest, ABatchThatDoesNotFollowIsOurBug) {
  TempDir temp;
  auto journal = open_journal(temp.path() / "journal");
  Batch batch;
  fill(batch, Seq{2}, 1);
  EXPECT_DEATH((void)journal->commit(batch), "check failed");
  batch.begin(Seq{1});
  EXPECT_DEATH((void)journal->commit(batch), "check failed");
}

}  // namespace
}  // namespace spine::journal
