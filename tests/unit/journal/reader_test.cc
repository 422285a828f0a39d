// Tests of Reader in journal/journal.h: positions, renewal, other processes, threads.
#include <atomic>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "journal/journal.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

class ReaderTest : public testing::Test {
 protected:
  fs::path dir() const { return temp_.path() / "journal"; }

 private:
  TempDir temp_{};
};

// Runs `body` in a child process, as another program would; it must return true.
template <class Body>
void expect_in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(ReaderTest, ANewReaderSeesNothingAndARenewedOneSeesCommits) {
  auto journal = open_journal(dir());
  Reader reader = journal->reader();
  EXPECT_EQ(reader.epoch(), kEpoch);
  EXPECT_EQ(reader.last(), Seq{});
  expect_whole(reader, Seq{});
  commit_messages(*journal, 1, 3);
  EXPECT_EQ(reader.last(), Seq{});  // what it saw does not change under it
  expect_whole(reader, Seq{3});
  commit_messages(*journal, 2, 400);
  EXPECT_EQ(reader.last(), Seq{3});
  EXPECT_EQ(reader.block_of(Seq{4}).error().code, Errc::not_found);
  expect_whole(reader, Seq{803});
  EXPECT_EQ(reader.first(), Seq{1});
}

TEST_F(ReaderTest, BlockOfFindsTheBlockOfEverySeq) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 5, 7);
  commit_messages(*journal, 2, 700);
  Reader reader = journal->reader();
  ASSERT_TRUE(reader.renew());
  for (std::uint64_t seq = 1; seq <= reader.last().value; ++seq) {
    const Result<BlockView> block = reader.block_of(Seq{seq});
    ASSERT_TRUE(block) << block.error().message;
    const auto index = static_cast<std::uint32_t>(seq - block->first().value);
    ASSERT_EQ(text_of(block->event(index)), text_for(Seq{seq}));
  }
  EXPECT_EQ(reader.block_of(Seq{0}).error().code, Errc::not_found);
  EXPECT_EQ(reader.block_of(next(reader.last())).error().code, Errc::not_found);
}

TEST_F(ReaderTest, AfterReleaseItCanBeRenewed) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 2, 2);
  Reader reader = journal->reader();
  expect_whole(reader, Seq{4});
  reader.release();
  reader.release();
  commit_messages(*journal, 1, 1);
  expect_whole(reader, Seq{5});
  Reader moved = std::move(reader);
  expect_whole(moved, Seq{5});
}

TEST_F(ReaderTest, ManyReadersMayBeOpenInOneThread) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 1, 10);
  std::vector<Reader> readers;
  for (int i = 0; i < 20; ++i)
    readers.push_back(journal->reader());
  for (Reader& reader : readers)
    expect_whole(reader, Seq{10});
}

TEST_F(ReaderTest, AReaderOutlivesTheJournalObject) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 1, 10);
  Reader reader = journal->reader();
  journal.reset();
  expect_whole(reader, Seq{10});
}

TEST_F(ReaderTest, RawBlocksAreFoundByPosition) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 3, 4);
  Reader reader = journal->reader();
  ASSERT_TRUE(reader.renew());
  Seq first{};
  for (const auto& [seq, expected] : {std::pair{1U, 1U}, {4U, 1U}, {5U, 5U}, {12U, 9U}}) {
    const Result<ByteSpan> raw = reader.raw_block_at_or_after(Seq{seq}, first);
    ASSERT_TRUE(raw);
    EXPECT_EQ(first, Seq{expected});
    EXPECT_TRUE(BlockView::verify(*raw, first));
  }
  ASSERT_TRUE(reader.raw_block_at_or_after(Seq{0}, first));
  EXPECT_EQ(first, Seq{1});
  EXPECT_EQ(reader.raw_block_at_or_after(Seq{13}, first).error().code, Errc::not_found);
}

TEST_F(ReaderTest, ADamagedBlockIsReportedAndTheOthersStayReadable) {
  {
    auto journal = open_journal(dir());
    commit_messages(*journal, 3, 50);
  }
  const fs::path data = dir() / "data.mdb";
  std::string content;
  {
    std::ifstream in(data, std::ios::binary);
    content.assign(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  const std::size_t at = content.find("message 77");
  ASSERT_NE(at, std::string::npos);
  {
    std::fstream out(data, std::ios::binary | std::ios::in | std::ios::out);
    out.seekp(static_cast<std::streamoff>(at));
    out.put('M');
  }
  auto reader = Reader::open_read_only(dir());
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_TRUE(reader->block_of(Seq{50}));
  const Result<BlockView> damaged = reader->block_of(Seq{77});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Errc::corrupt);
  EXPECT_NE(damaged.error().message.find("damaged at seq 51"), std::string::npos);
  EXPECT_TRUE(reader->block_of(Seq{101}));
  Seq first{};
  EXPECT_TRUE(reader->raw_block_at_or_after(Seq{77}, first));
  EXPECT_EQ(first, Seq{51});
}

TEST_F(ReaderTest, WithoutAJournalItSaysSoAndMakesNothing) {
  auto reader = Reader::open_read_only(dir());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Errc::not_found);
  EXPECT_NE(reader.error().message.find("spine start"), std::string::npos);
  EXPECT_FALSE(fs::exists(dir()));
  fs::create_directory(dir());
  EXPECT_FALSE(Reader::open_read_only(dir()));
  EXPECT_TRUE(fs::is_empty(dir()));
}

TEST_F(ReaderTest, ItReadsWhenNobodyWritesAndLeavesNoTrace) {
  { commit_messages(*open_journal(dir()), 2, 100); }
  fs::remove(dir() / "lock.mdb");  // as in a backup
  const auto before = fs::last_write_time(dir());
  auto reader = Reader::open_read_only(dir());
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->epoch(), kEpoch);
  expect_whole(*reader, Seq{200});
  EXPECT_FALSE(fs::exists(dir() / "lock.mdb"));
  EXPECT_EQ(fs::last_write_time(dir()), before);
}

TEST_F(ReaderTest, ItReadsADirectoryThatMayOnlyBeRead) {
  { commit_messages(*open_journal(dir()), 2, 100); }
  ::chmod((dir() / "data.mdb").c_str(), 0444);
  ::chmod((dir() / "lock.mdb").c_str(), 0444);
  ::chmod(dir().c_str(), 0555);
  ::chmod(dir().parent_path().c_str(), 0755);
  expect_in_child([this] {
    // Whoever is root may do everything: become somebody else.
    if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return false;
    auto reader = Reader::open_read_only(dir());
    return reader.has_value() && reader->last() == Seq{200} && reader->block_of(Seq{150});
  });
  ::chmod(dir().c_str(), 0755);
}

TEST_F(ReaderTest, AnotherProcessFollowsTheWriter) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 1, 10);
  int go[2]{};
  int done[2]{};
  ASSERT_EQ(::pipe(go), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto reader = Reader::open_read_only(dir());
    bool good = reader.has_value() && reader->last() == Seq{10};
    char byte{};
    good = ::write(done[1], "x", 1) == 1 && ::read(go[0], &byte, 1) == 1 && good;
    good = good && reader->renew() && reader->last() == Seq{310} && reader->block_of(Seq{300});
    ::_exit(good ? 0 : 1);
  }
  char byte{};
  ASSERT_EQ(::read(done[0], &byte, 1), 1);
  commit_messages(*journal, 3, 100);
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  for (const int fd : {go[0], go[1], done[0], done[1]})
    ::close(fd);
}

TEST_F(ReaderTest, AThreadReadsWhileAnotherWrites) {
  auto journal = open_journal(dir());
  constexpr std::uint64_t kBatches = 200;
  std::atomic<std::uint64_t> durable{0};
  std::thread follower([&durable, reader = journal->reader()]() mutable {
    Seq seen{};
    while (seen.value < kBatches * 9) {
      // acquire: pairs with the release after a commit.
      const Seq promised{durable.load(std::memory_order_acquire)};
      ASSERT_TRUE(reader.renew());
      ASSERT_GE(reader.last(), promised);
      for (; seen < reader.last(); seen = next(seen)) {
        const Result<BlockView> block = reader.block_of(next(seen));
        ASSERT_TRUE(block) << block.error().message;
        const auto index = static_cast<std::uint32_t>(seen.value + 1 - block->first().value);
        ASSERT_EQ(text_of(block->event(index)), text_for(next(seen)));
      }
      reader.release();
      std::this_thread::yield();
    }
  });
  for (std::uint64_t i = 0; i < kBatches; ++i) {
    commit_messages(*journal, 1, 9);
    durable.store(journal->durable().value, std::memory_order_release);
  }
  follower.join();
}

TEST(ReaderDeathTest, ReadingWithoutRenewingIsOurBug) {
  TempDir temp;
  auto journal = open_journal(temp.path() / "journal");
  commit_messages(*journal, 1, 1);
  Reader reader = journal->reader();
  EXPECT_DEATH((void)reader.block_of(Seq{1}), "check failed: live");
}

TEST_F(ReaderTest, WhatAReaderThatDiedWasLookingAtIsLetGo) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 1, 10);
  EXPECT_EQ(journal->clear_dead_readers().value(), 0U);
  expect_in_child([&] {
    const auto reader = Reader::open_read_only(dir());
    if (!reader) return false;
    ::_exit(0);  // without a goodbye
  });
  EXPECT_EQ(journal->clear_dead_readers().value(), 1U);
  EXPECT_EQ(journal->clear_dead_readers().value(), 0U);
}

}  // namespace
}  // namespace spine::journal
