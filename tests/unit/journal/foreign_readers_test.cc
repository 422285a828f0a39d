// Other processes that read: they neither keep the gateway from starting nor wait it out.
#include <csignal>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "journal/index.h"
#include "journal/lmdb.h"
#include "journal/snapshots.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

// A process that holds every place in the table of readers there is.
class Hoarder {
 public:
  Hoarder(const fs::path& dir, unsigned databases) {
    int pipe_ends[2];
    if (::pipe(pipe_ends) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) hoard(dir, databases, pipe_ends[1]);
    ::close(pipe_ends[1]);
    char taken = 0;
    full_ = ::read(pipe_ends[0], &taken, 1) == 1;
    ::close(pipe_ends[0]);
  }
  ~Hoarder() { kill(); }
  Hoarder(const Hoarder&) = delete;
  Hoarder& operator=(const Hoarder&) = delete;

  bool full() const { return full_; }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  [[noreturn]] static void hoard(const fs::path& dir, unsigned databases, int told) {
    auto env = Environment::open({.dir = dir, .access = Access::read, .databases_max = databases});
    std::vector<Transaction> readers;
    while (env) {
      auto reader = Transaction::begin_read(**env);
      if (!reader) {
        if (reader.error().code != Errc::unavailable || ::write(told, "x", 1) != 1) ::_exit(1);
        ::pause();
      }
      readers.push_back(std::move(*reader));
    }
    ::_exit(1);
  }

  pid_t pid_{};
  bool full_{};
};

class ForeignReaders : public testing::Test {
 protected:
  fs::path dir() const { return temp_.path() / "journal"; }
  fs::path index() const { return temp_.path() / "index"; }

 private:
  TempDir temp_{};
};

TEST_F(ForeignReaders, ThatHoldEveryPlaceAreCutOffAndTheJournalOpens) {
  commit_messages(*open_journal(dir()), 2, 3);
  const Hoarder hoarder(dir(), 0);
  ASSERT_TRUE(hoarder.full());
  auto journal = open_journal(dir());
  ASSERT_TRUE(journal);
  EXPECT_TRUE(journal->report().readers_cut_off);
  commit_messages(*journal, 2, 3);
  Reader reader = journal->reader();
  expect_whole(reader, Seq{12});
}

TEST_F(ForeignReaders, ThatDiedHoldNoPlace) {
  commit_messages(*open_journal(dir()), 1, 3);
  Hoarder hoarder(dir(), 0);
  ASSERT_TRUE(hoarder.full());
  hoarder.kill();
  auto journal = open_journal(dir());
  ASSERT_TRUE(journal);
  EXPECT_FALSE(journal->report().readers_cut_off);
  Reader reader = journal->reader();
  expect_whole(reader, Seq{3});
}

TEST_F(ForeignReaders, ThatAreFewAreLeftAlone) {
  commit_messages(*open_journal(dir()), 1, 3);
  auto other = Environment::open({.dir = dir(), .access = Access::read});
  ASSERT_TRUE(other);
  auto reading = Transaction::begin_read(**other);
  ASSERT_TRUE(reading);
  EXPECT_TRUE((*other)->has_room_for_readers());
}

TEST_F(ForeignReaders, OfTheIndexAreCutOffToo) {
  { ASSERT_TRUE(Index::open(index(), kEpoch, Bits128{.hi = 1, .lo = 2}, Seq{})); }
  const Hoarder hoarder(index(), 4);
  ASSERT_TRUE(hoarder.full());
  auto opened = Index::open(index(), kEpoch, Bits128{.hi = 1, .lo = 2}, Seq{});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE((*opened)->session_blocks(SessionId{1}, Seq{1}, Seq{9}, 5));
}

TEST(Fifo, AmongTheSnapshotsIsNotWaitedFor) {
  const TempDir temp;
  auto store = SnapshotStore::open(temp.path());
  ASSERT_TRUE(store);
  ASSERT_EQ(::mkfifo((temp.path() / "00000000000000000007.snapshot").c_str(), 0600), 0);
  EXPECT_EQ(store->list(), std::vector{Seq{7}});
  EXPECT_EQ(store->load(Seq{7}, kEpoch).error().code, Errc::corrupt);
  EXPECT_EQ(store->origin_of(Seq{7}).error().code, Errc::corrupt);
  ASSERT_EQ(::mkfifo((temp.path() / "00000000000000000008.snapshot.partial").c_str(), 0600), 0);
  ASSERT_TRUE(store->write(Seq{8}, kEpoch, {}, Digest256{}));
  EXPECT_TRUE(store->load(Seq{8}, kEpoch));
}

TEST(Fifo, InPlaceOfTheIndexMarkIsNotWaitedFor) {
  const TempDir temp;
  const fs::path dir = temp.path() / "index";
  { ASSERT_TRUE(Index::open(dir, kEpoch, Bits128{.hi = 1, .lo = 2}, Seq{})); }
  fs::remove(dir / "mark");
  ASSERT_EQ(::mkfifo((dir / "mark").c_str(), 0600), 0);
  auto opened = Index::open(dir, kEpoch, Bits128{.hi = 1, .lo = 2}, Seq{});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE((*opened)->rebuilt());
}

TEST(Fifo, InPlaceOfFilesOfLmdbKeepsNeitherJournalNorIndexFromOpening) {
  const TempDir temp;
  commit_messages(*open_journal(temp.path() / "journal"), 1, 3);
  fs::remove(temp.path() / "journal" / "lock.mdb");
  ASSERT_EQ(::mkfifo((temp.path() / "journal" / "lock.mdb").c_str(), 0600), 0);
  auto journal = open_journal(temp.path() / "journal");
  ASSERT_TRUE(journal);
  EXPECT_EQ(journal->last(), Seq{3});
  for (const char* name : {"data.mdb", "lock.mdb"}) {
    const fs::path dir = temp.path() / "index";
    { ASSERT_TRUE(Index::open(dir, kEpoch, Bits128{.hi = 1, .lo = 2}, Seq{})); }
    fs::remove(dir / name);
    ASSERT_EQ(::mkfifo((dir / name).c_str(), 0600), 0);
    auto opened = Index::open(dir, kEpoch, Bits128{.hi = 1, .lo = 2}, Seq{});
    ASSERT_TRUE(opened) << name << ": " << opened.error().message;
    EXPECT_TRUE((*opened)->rebuilt()) << name;
  }
}

}  // namespace
}  // namespace spine::journal
