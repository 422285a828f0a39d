// Tests of journal/copy.h.
#include "journal/copy.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

class CopyTest : public testing::Test {
 protected:
  CopyTest() { fs::create_directory(copy()); }
  fs::path dir() const { return temp_.path() / "journal"; }
  fs::path copy() const { return temp_.path() / "copy"; }
  static bool go_on(Seq, Seq) { return true; }
  Reader reader() {
    auto opened = Reader::open_read_only(dir());
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  // Changes one byte of every block that holds this text: LMDB leaves old pages behind.
  static void damage(const fs::path& file, const std::string& text) {
    std::string all(fs::file_size(file), '\0');
    std::ifstream(file, std::ios::binary)
        .read(all.data(), static_cast<std::streamsize>(all.size()));
    std::fstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    std::size_t at = all.find(text);
    ASSERT_NE(at, std::string::npos);
    for (; at != std::string::npos; at = all.find(text, at + 1)) {
      out.seekp(static_cast<std::streamoff>(at));
      out.put('M');
    }
  }

 private:
  TempDir temp_{};
};

TEST_F(CopyTest, HoldsTheSameBlocksAndLeavesNothingElse) {
  auto journal = open_journal(dir());
  commit_messages(*journal, 40, 3);
  commit_messages(*journal, 2, 3'000);
  Reader from = reader();
  const auto report = copy_journal(from, copy(), go_on);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->last, journal->last());
  EXPECT_EQ(report->head, journal->head());
  EXPECT_EQ(report->epoch, kEpoch);
  auto copied = Reader::open_read_only(copy());
  ASSERT_TRUE(copied);
  expect_whole(*copied, journal->last());
  EXPECT_FALSE(fs::exists(copy() / "lock.mdb"));
  EXPECT_LT(fs::file_size(copy() / "data.mdb"), limits::kMiB);  // no space taken ahead
}

TEST_F(CopyTest, CanBeWrittenOnWhereItEnds) {
  commit_messages(*open_journal(dir()), 5, 10);
  Reader from = reader();
  ASSERT_TRUE(copy_journal(from, copy(), go_on));
  auto journal = open_journal(copy());
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->epoch(), kEpoch);
  commit_messages(*journal, 5, 10);
  Reader again = journal->reader();
  expect_whole(again, Seq{100});
}

TEST_F(CopyTest, EndsWhereTheJournalEndedHoweverMuchIsWrittenMeanwhile) {
  auto journal = open_journal(dir());
  // More than one step of the copy.
  while (journal->file_bytes() < 24 * limits::kMiB && journal->last() < Seq{400'000})
    commit_messages(*journal, 1, 20'000);
  const Seq end = journal->last();
  Reader from = reader();
  std::size_t calls = 0;
  const auto report = copy_journal(from, copy(), [&](Seq, Seq) {
    if (++calls <= 10) commit_messages(*journal, 1, 10);
    return true;
  });
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_GT(journal->last(), end);
  EXPECT_EQ(report->last, end);
  auto copied = Reader::open_read_only(copy());
  ASSERT_TRUE(copied);
  expect_whole(*copied, end);
}

TEST_F(CopyTest, OfAJournalWithoutEventsHasNone) {
  open_journal(dir());
  Reader from = reader();
  const auto report = copy_journal(from, copy(), go_on);
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->last, Seq{});
  commit_messages(*open_journal(copy()), 1, 1);
}

TEST_F(CopyTest, OfADamagedJournalIsRefusedNamingThePlace) {
  commit_messages(*open_journal(dir()), 20, 3);
  damage(dir() / "data.mdb", "message 32");
  Reader from = reader();
  const auto report = copy_journal(from, copy(), go_on);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::corrupt);
  EXPECT_NE(report.error().message.find("seq 31"), std::string::npos) << report.error().message;
}

TEST_F(CopyTest, ThatIsDamagedIsFoundWhenItIsReadWhole) {
  commit_messages(*open_journal(dir()), 20, 3);
  Reader from = reader();
  ASSERT_TRUE(copy_journal(from, copy(), go_on));
  damage(copy() / "data.mdb", "message 32");
  const auto report = read_whole(copy(), go_on);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::corrupt);
  EXPECT_NE(report.error().message.find("block #31"), std::string::npos) << report.error().message;
}

TEST_F(CopyTest, StopsWhenToldTo) {
  commit_messages(*open_journal(dir()), 20, 3);
  Reader from = reader();
  const auto report = copy_journal(from, copy(), [](Seq, Seq) { return false; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::unavailable);
}

TEST_F(CopyTest, OnAFullDiskIsRefusedAsThat) {
  commit_messages(*open_journal(dir()), 10, 3'000);
  const pid_t child = ::fork();
  if (child == 0) {
    // Stands for the disk: files of this process cannot grow beyond it.
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{256 * limits::kKiB, 256 * limits::kKiB};
    auto from = Reader::open_read_only(dir());
    if (!from || ::setrlimit(RLIMIT_FSIZE, &small) != 0) ::_exit(2);
    const auto report = copy_journal(*from, copy(), go_on);
    ::_exit(!report && report.error().code == Errc::no_space ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace spine::journal
