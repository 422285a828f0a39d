// Tests of journal/index_reader.h: what it finds is what the journal holds, and it opens nothing
// that could tell otherwise.
#include "journal/index_reader.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal/crc32c.h"
#include "journal/index.h"
#include "tests/unit/journal/support.h"

namespace spine::journal {
namespace {

namespace fs = std::filesystem;

constexpr Bits128 kFeedersBoot{.hi = 11, .lo = 12};
constexpr Bits128 kAnyOtherBoot{.hi = 21, .lo = 22};
constexpr Seq kNoEnd{std::numeric_limits<std::uint64_t>::max()};

using Blocks = std::vector<Seq>;

// A list as the reader gives it, stretch by stretch; empty and a failure when it cannot.
Blocks list_of(IndexReader& index, std::uint64_t session, std::size_t* stretches = nullptr) {
  Blocks all;
  for (Seq at{1};; at = next(at)) {
    const auto stretch = index.stretch(SessionId{session}, at);
    if (!stretch || !stretch->covers(at)) {
      ADD_FAILURE() << session << " at " << at.value;
      return {};
    }
    if (stretches != nullptr) ++*stretches;
    all.insert(all.end(), stretch->blocks.begin(), stretch->blocks.end());
    at = stretch->to;
    if (at == kNoEnd) return all;
  }
}

class IndexReaderTest : public ::testing::Test {
 protected:
  fs::path dir() const { return temp_.path() / "index"; }
  fs::path journal_dir() const { return temp_.path() / "journal"; }

  // Commits batches of events of random sessions; a batch is one block or several.
  void commit(std::size_t batches, std::size_t events, std::uint64_t sessions) {
    auto journal = open_journal(journal_dir());
    Batch batch;
    for (std::size_t i = 0; i < batches; ++i) {
      batch.begin(next(journal->last()));
      for (std::size_t j = 0; j < events; ++j)
        batch.append(message_header(random() % (sessions + 1)), message_body("text"));
      ASSERT_TRUE(journal->ensure_space(batch.bytes(), SpaceClass::intake));
      ASSERT_TRUE(journal->commit(batch));
    }
  }
  // Adds the blocks of the journal up to the one that holds `upto`, as the follower does.
  void feed(Seq upto = kNoEnd, bool clean = true, Bits128 epoch = kEpoch) {
    Reader reader = journal();
    auto index = Index::open(dir(), epoch, kFeedersBoot, reader.last());
    ASSERT_TRUE(index) << index.error().message;
    for (Seq at = next((*index)->applied()); at <= std::min(upto, reader.last());) {
      const auto block = reader.block_of(at);
      ASSERT_TRUE(block);
      (*index)->add(*block);
      ASSERT_TRUE((*index)->commit());
      at = next(block->last());
    }
    if (!clean) return;
    ASSERT_TRUE((*index)->close_clean());
  }
  Reader journal() {
    auto reader = Reader::open_read_only(journal_dir());
    EXPECT_TRUE(reader) << reader.error().message;
    return std::move(*reader);
  }
  // Why it does not open; Errc{} when it does.
  Errc refusal(Bits128 boot = kFeedersBoot) {
    Reader reader = journal();
    const auto opened = IndexReader::open(dir(), boot, reader);
    return opened ? Errc{} : opened.error().code;
  }
  // What a scan says, up to a block's end.
  std::map<std::uint64_t, Blocks> expected(Reader& reader, Seq upto) {
    std::map<std::uint64_t, Blocks> all;
    for (Seq at{1}; at <= upto;) {
      const auto block = reader.block_of(at);
      if (!block) std::abort();
      for (std::uint32_t i = 0; i < block->count(); ++i) {
        const std::uint64_t session = block->event(i).header.session;
        Blocks& blocks = all[session];
        if (session != 0 && (blocks.empty() || blocks.back() != at)) blocks.push_back(at);
      }
      at = next(block->last());
    }
    all.erase(0);
    return all;
  }
  void expect_right(Seq applied) {
    Reader reader = journal();
    auto index = IndexReader::open(dir(), kFeedersBoot, reader);
    ASSERT_TRUE(index) << index.error().message;
    ASSERT_EQ(index->applied(), applied);
    SessionId at{};
    for (const auto& [session, blocks] : expected(reader, applied)) {
      ASSERT_EQ(list_of(*index, session), blocks) << session;
      const auto found = index->session_after(at);
      ASSERT_TRUE(found && found->value == session);
      at = *found;
    }
    EXPECT_EQ(*index->session_after(at), SessionId{});
    EXPECT_EQ(*index->session_after(SessionId{kNoEnd.value}), SessionId{});
    EXPECT_TRUE(list_of(*index, 1'000'000).empty());
  }
  // Changes the database of postings past Index.
  void tamper(const std::function<void(Transaction&, Database)>& change) {
    auto env = Environment::open(index_environment(dir(), Access::write));
    ASSERT_TRUE(env);
    auto transaction = Transaction::begin_write(**env);
    ASSERT_TRUE(transaction);
    const auto database = transaction->named_database(kSessionPostings);
    ASSERT_TRUE(database);
    change(*transaction, *database);
    ASSERT_TRUE(transaction->commit());
  }
  std::uint64_t random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_;
  }

 private:
  TempDir temp_{};
  std::uint64_t random_{88172645463325252ULL};
};

TEST_F(IndexReaderTest, FindsWhatAScanFinds) {
  commit(40, 5, 9);
  feed();
  expect_right(journal().last());
  commit(30, 700, 400);
  feed();
  expect_right(journal().last());
}

TEST_F(IndexReaderTest, ALongListComesInPiecesOfAFewHundredBlocks) {
  commit(100, 1, 0);
  commit(900, 4, 1);
  feed();
  Reader reader = journal();
  auto index = IndexReader::open(dir(), kFeedersBoot, reader);
  ASSERT_TRUE(index) << index.error().message;
  std::size_t stretches = 0;
  const Blocks blocks = list_of(*index, 1, &stretches);
  EXPECT_EQ(blocks, expected(reader, reader.last())[1]);
  EXPECT_GT(blocks.size(), 700U);
  EXPECT_GE(stretches, 2U);
  EXPECT_TRUE(index->stretch(SessionId{1}, Seq{1})->blocks.empty());
}

TEST_F(IndexReaderTest, OneThatIsBehindSaysHowFarItReaches) {
  commit(40, 5, 9);
  feed(Seq{101});
  expect_right(Seq{105});
}

TEST_F(IndexReaderTest, AfterACrashUnderTheSameBootItIsReadAndUnderAnotherItIsNot) {
  commit(30, 700, 400);
  feed(kNoEnd, false);
  EXPECT_EQ(refusal(kFeedersBoot), Errc{});
  EXPECT_EQ(refusal(kAnyOtherBoot), Errc::not_found);
  EXPECT_EQ(refusal(Bits128{}), Errc::not_found);
  feed();
  EXPECT_EQ(refusal(kAnyOtherBoot), Errc{});
}

TEST_F(IndexReaderTest, OfNoneOneOfAnotherEpochAndOneOfAnotherFormatNothingIsOpened) {
  commit(4, 5, 9);
  EXPECT_EQ(refusal(), Errc::not_found);
  EXPECT_FALSE(fs::exists(dir()));
  feed(kNoEnd, true, kAnyOtherBoot);
  EXPECT_EQ(refusal(), Errc::not_found);
  fs::remove_all(dir());
  feed();
  std::fstream(dir() / "mark", std::ios::binary | std::ios::in | std::ios::out).seekp(4).put(1);
  EXPECT_EQ(refusal(), Errc::not_found);
}

TEST_F(IndexReaderTest, WithoutAPlaceAmongTheReadersItReadsNothingAndCreatesNothing) {
  commit(4, 5, 9);
  feed();
  fs::remove(dir() / "lock.mdb");
  EXPECT_EQ(refusal(), Errc::refused);
  EXPECT_FALSE(fs::exists(dir() / "lock.mdb"));
  ASSERT_EQ(::mkfifo((dir() / "lock.mdb").c_str(), 0600), 0);
  EXPECT_EQ(refusal(), Errc::not_found);
}

TEST_F(IndexReaderTest, ItLeavesDataAndMarkAsTheyAre) {
  commit(4, 5, 9);
  feed();
  const auto bytes = [&](const char* name) {
    std::ifstream in(dir() / name, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  };
  const std::string data = bytes("data.mdb");
  const std::string mark = bytes("mark");
  expect_right(Seq{20});
  EXPECT_EQ(bytes("data.mdb"), data);
  EXPECT_EQ(bytes("mark"), mark);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir()), fs::directory_iterator{}), 3);
}

TEST_F(IndexReaderTest, AheadOfTheJournalItIsNotUsed) {
  commit(4, 5, 9);
  feed();
  fs::remove_all(journal_dir());
  commit(3, 5, 9);
  EXPECT_EQ(refusal(), Errc::corrupt);
}

TEST_F(IndexReaderTest, OfAnotherHistoryOfTheSameJournalItIsNotUsed) {
  commit(4, 5, 9);
  feed();
  fs::remove_all(journal_dir());
  commit(9, 5, 9);
  EXPECT_EQ(refusal(), Errc::corrupt);
}

TEST_F(IndexReaderTest, AnyChangedByteOfAListIsFound) {
  commit(60, 5, 3);
  feed();
  std::vector<std::byte> key;
  std::vector<std::byte> piece;
  tamper([&](Transaction& transaction, Database database) {
    auto cursor = Cursor::open(transaction, database);
    Entry entry;
    ASSERT_TRUE(cursor && *cursor->move(Move::first, entry));
    key.assign(entry.key.begin(), entry.key.end());
    piece.assign(entry.value.begin(), entry.value.end());
  });
  ASSERT_GT(piece.size(), 20U);
  for (std::size_t i = 0; i < piece.size(); ++i) {
    std::vector<std::byte> bent = piece;
    bent[i] ^= std::byte{0x04};
    tamper([&](Transaction& transaction, Database database) {
      ASSERT_TRUE(transaction.put(database, key, bent));
    });
    ASSERT_EQ(refusal(), Errc::corrupt) << "byte " << i;
  }
  for (std::size_t bytes = 0; bytes < piece.size(); ++bytes) {
    tamper([&](Transaction& transaction, Database database) {
      ASSERT_TRUE(transaction.put(database, key, ByteSpan(piece).first(bytes)));
    });
    ASSERT_EQ(refusal(), Errc::corrupt) << bytes << " bytes";
  }
  tamper([&](Transaction& transaction, Database database) {
    ASSERT_TRUE(transaction.put(database, key, piece));
  });
  EXPECT_EQ(refusal(), Errc{});
}

TEST_F(IndexReaderTest, AListTooManyOrTooFewIsFound) {
  commit(60, 5, 3);
  feed();
  // A piece that is sound in itself, from an index in which it was right.
  std::array<std::byte, 16> key{};
  store(key.data(), __builtin_bswap64(77));
  store(key.data() + 8, __builtin_bswap64(6));
  std::array<std::byte, 4> piece{};
  store(piece.data(), crc32c(key));
  tamper([&](Transaction& transaction, Database database) {
    ASSERT_TRUE(transaction.put(database, key, piece));
  });
  EXPECT_EQ(refusal(), Errc::corrupt);
}

TEST_F(IndexReaderTest, WithDamagedPagesItIsNotOpenedOrStillRight) {
  commit(4, 3'000, 300);
  feed();
  const fs::path file = dir() / "data.mdb";
  constexpr std::size_t kPage = 4'096;
  std::string good(fs::file_size(file), '\0');
  std::ifstream(file, std::ios::binary)
      .read(good.data(), static_cast<std::streamsize>(good.size()));
  const std::size_t pages = good.size() / kPage;
  ASSERT_GT(pages, 6U);
  Reader reader = journal();
  const auto right = expected(reader, reader.last());
  std::size_t refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string bent = good;
    const std::size_t page = kPage * (2 + random() % (pages - 2));
    if (round % 4 == 0) {
      bent.replace(page, kPage, good, kPage * (2 + random() % (pages - 2)), kPage);
    } else {
      const std::size_t within = round % 4 == 1 ? 32 : kPage;
      for (int i = 0; i < 8; ++i)
        bent[page + random() % within] ^= static_cast<char>(1U << random() % 8);
    }
    // In place: a reader's map must not become shorter.
    std::fstream(file, std::ios::binary | std::ios::in | std::ios::out) << bent;
    auto index = IndexReader::open(dir(), kFeedersBoot, reader);
    refused += index ? 0 : 1;
    for (auto list = right.begin(); index && list != right.end(); ++list)
      ASSERT_EQ(list_of(*index, list->first), list->second) << "round " << round;
  }
  EXPECT_GT(refused, 100U);
  EXPECT_LT(refused, 400U);
}

TEST_F(IndexReaderTest, OnceReplacedItSaysSo) {
  commit(4, 5, 9);
  feed();
  Reader reader = journal();
  auto index = IndexReader::open(dir(), kFeedersBoot, reader);
  ASSERT_TRUE(index);
  ASSERT_TRUE(index->refresh(reader));
  fs::rename(dir(), dir().string() + ".old");
  EXPECT_EQ(index->refresh(reader).error().code, Errc::not_found);
  feed();
  EXPECT_EQ(index->refresh(reader).error().code, Errc::not_found);
}

// Rounds of another process that looks at journal and index while they are written.
[[noreturn]] void look_on(const fs::path& journal_dir, const fs::path& dir) {
  auto reader = Reader::open_read_only(journal_dir);
  if (!reader) ::_exit(10);
  auto index = IndexReader::open(dir, kFeedersBoot, *reader);
  if (!index) ::_exit(11);
  const Seq before = index->applied();
  for (int round = 0; round < 400 || index->applied() == before; ++round) {
    if (!reader->renew() || !index->refresh(*reader)) ::_exit(12);
    const Seq applied = index->applied();
    if (applied > reader->last()) ::_exit(13);
    const std::uint64_t session = 1 + applied.value * 7 % 300;
    std::set<Seq> listed;
    for (Seq at{1}; at <= applied;) {
      const auto stretch = index->stretch(SessionId{session}, at);
      if (!stretch || !stretch->covers(at)) ::_exit(14);
      listed.insert(stretch->blocks.begin(), stretch->blocks.end());
      if (stretch->to > applied) break;
      at = next(stretch->to);
    }
    // The last blocks that are known, of which the newest is only just written.
    Seq end = applied;
    for (int i = 0; i < 3 && end; ++i) {
      const auto block = reader->block_of(end);
      if (!block) ::_exit(15);
      bool holds = false;
      for (std::uint32_t k = 0; k < block->count(); ++k)
        holds = holds || block->event(k).header.session == session;
      if (holds != listed.contains(block->first())) ::_exit(16);
      end = Seq{block->first().value - 1};
    }
  }
  ::_exit(0);
}

TEST_F(IndexReaderTest, WhileAnotherProcessWritesItIsRightAtEveryMoment) {
  commit(2, 10'000, 300);
  feed(kNoEnd, false);
  const pid_t child = ::fork();
  if (child == 0) look_on(journal_dir(), dir());
  ASSERT_GT(child, 0);
  auto journal = open_journal(journal_dir());
  Reader reader = journal->reader();
  auto index = Index::open(dir(), kEpoch, kFeedersBoot, journal->last());
  ASSERT_TRUE(index);
  Batch batch;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    batch.begin(next(journal->last()));
    for (int j = 0; j < 20'000; ++j)
      batch.append(message_header(1 + random() % 300), message_body("t"));
    ASSERT_TRUE(journal->ensure_space(batch.bytes(), SpaceClass::intake));
    ASSERT_TRUE(journal->commit(batch));
    ASSERT_TRUE(reader.renew());
    for (Seq at = next((*index)->added()); at <= reader.last();) {
      const auto block = reader.block_of(at);
      ASSERT_TRUE(block);
      (*index)->add(*block);
      at = next(block->last());
    }
    ASSERT_TRUE((*index)->commit());
  }
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace spine::journal
