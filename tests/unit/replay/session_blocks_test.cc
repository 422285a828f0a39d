// Tests of replay/timeline/session_blocks.h: what is found of a session is the same with an index,
// without one, and with one that is behind, damaged or of another journal.
#include "replay/timeline/session_blocks.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "engine/core/model/views.h"
#include "journal/index.h"
#include "replay/past/scanned_events.h"
#include "replay/timeline/event_text.h"
#include "replay/timeline/selection.h"
#include "tests/unit/core/prng.h"
#include "tests/unit/replay/lab.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

namespace fs = std::filesystem;

constexpr Seq kWhole{std::numeric_limits<std::uint64_t>::max()};
constexpr Bits128 kStoryEpoch{7, 9};

// Adds the blocks up to the one that holds `upto` to the index of a story's journal.
void write_index(const fs::path& state_dir, Seq upto = kWhole, Bits128 epoch = kStoryEpoch) {
  auto reader = journal::Reader::open_read_only(state_dir / "journal");
  ASSERT_TRUE(reader);
  auto index = journal::Index::open(state_dir / "index", epoch, {}, reader->last());
  ASSERT_TRUE(index);
  for (Seq at = next((*index)->applied()); at <= std::min(upto, reader->last());) {
    const auto block = reader->block_of(at);
    ASSERT_TRUE(block);
    (*index)->add(*block);
    at = next(block->last());
  }
  ASSERT_TRUE((*index)->commit());
  ASSERT_TRUE((*index)->close_clean());
}

// Puts a piece that is none into the list of the id.
void damage_index(const fs::path& state_dir, std::uint64_t id, std::uint64_t block) {
  auto env = journal::Environment::open(
      journal::index_environment(state_dir / "index", journal::Access::write));
  ASSERT_TRUE(env);
  auto transaction = journal::Transaction::begin_write(**env);
  ASSERT_TRUE(transaction);
  const auto database = transaction->named_database(journal::kSessionPostings);
  ASSERT_TRUE(database);
  std::array<std::byte, 16> key{};
  store(key.data(), __builtin_bswap64(id));
  store(key.data() + 8, __builtin_bswap64(block));
  ASSERT_TRUE(transaction->put(*database, key, std::array{std::byte{1}, std::byte{2}}));
  ASSERT_TRUE(transaction->commit());
}

// People who write, are answered, leave and come back, at random: keys with several lives.
class RandomJournal {
 public:
  RandomJournal(const fs::path& state_dir, std::uint64_t seed, int steps) : random_(seed) {
    LabConfig config;
    config.per_minute = 0;
    config.dm = fb::DmPolicy::open;
    Lab lab(state_dir, config);
    for (int i = 0; i < steps; ++i)
      step(lab, i);
    last_ = lab.last();
  }
  Seq last() const { return last_; }

 private:
  void step(Lab& lab, int number) {
    const std::string sender = "user" + std::to_string(random_.below(9) * random_.below(3));
    const std::uint64_t dice = random_.below(10);
    if (dice == 0) {
      const std::string key = "agent:main:telegram:direct:" + sender;
      if (const SessionId session = core::find_session(lab.state(), key))
        lab.close_session(session);
    } else if (dice == 1) {
      lab.start_engine();
    } else {
      lab.say({.sender = sender, .id = "m" + std::to_string(number), .text = "hello"});
      std::vector<RunId> runs;
      core::list_open_runs(lab.state(), 1'000, runs);
      if (!runs.empty() && dice < 8) lab.finish(runs.front(), "answer");
    }
    if (random_.chance(20)) lab.pass(random_.below(60'000));
  }

  core::Prng random_;
  Seq last_{};
};

// Every session's key and number that a journal names, and some that it does not.
std::set<std::string> sessions_of(Timeline& timeline) {
  std::set<std::string> all{"agent:main:telegram:direct:nobody", "1", "999999", "x"};
  Names names(timeline);
  EXPECT_TRUE(timeline.for_each_event(Seq{1}, timeline.last(), [&](const EventView& event) {
    if (event.header.session == 0) return true;
    all.insert(std::to_string(event.header.session));
    all.insert(names.session(SessionId{event.header.session}).key);
    return true;
  }));
  all.erase("");
  return all;
}

using Seqs = std::vector<std::uint64_t>;

Seqs selected(Timeline& timeline, const std::string& session, Seq from, Seq to, bool back) {
  Names names(timeline);
  auto selection = Selection::find({.session = session}, timeline);
  EXPECT_TRUE(selection);
  Seqs found;
  const auto each = [&](const EventView& event) {
    if (selection->wanted(event, names)) found.push_back(event.seq.value);
    return true;
  };
  EXPECT_TRUE(back ? timeline.for_each_event_back(to, from, each, &selection->where())
                   : timeline.for_each_event(from, to, each, &selection->where()));
  return found;
}

// What all questions about sessions come to, by which ways of the index may differ.
class Answers {
 public:
  explicit Answers(const fs::path& state_dir, std::uint64_t seed) : random_(seed) {
    auto timeline = Timeline::open(state_dir);
    EXPECT_TRUE(timeline);
    for (const std::string& session : sessions_of(*timeline)) {
      for (const bool back : {false, true}) {
        add(session, selected(*timeline, session, Seq{1}, timeline->last(), back));
        const Seq from{1 + random_.below(timeline->last().value)};
        const Seq to{from.value + random_.below(timeline->last().value)};
        add(session, selected(*timeline, session, from, to, back));
      }
      walk_history(*timeline, session);
    }
    for (const char* session : {"agent:main:telegram:direct:user0", "999999"})
      call_verbs(state_dir, session);
  }
  const std::string& text() const { return text_; }

 private:
  void add(const std::string& what, const Seqs& seqs) {
    text_ += what + ':';
    for (const std::uint64_t seq : seqs)
      text_ += ' ' + std::to_string(seq);
    text_ += '\n';
  }
  // As the histories of the past are read.
  void walk_history(Timeline& timeline, const std::string& session) {
    const std::uint64_t id = std::strtoull(session.c_str(), nullptr, 10);
    ScannedEvents events(timeline);
    Seqs seen;
    const auto visit = [&](const EventView& event) -> Result<bool> {
      seen.push_back(event.seq.value);
      return seen.size() % 40 != 0;
    };
    const core::SessionRange range{.session = SessionId{id},
                                   .first = Seq{1 + random_.below(20)},
                                   .last = Seq{1 + random_.below(timeline.last().value)}};
    EXPECT_TRUE(events.walk_on(range, visit));
    EXPECT_TRUE(events.walk_back(range, visit));
    EXPECT_TRUE(events.walk_on(range, visit));
    add("history " + session, seen);
  }
  void call_verbs(const fs::path& state_dir, const std::string& session) {
    const std::vector<std::vector<std::string>> lines{
        {"journal", "dump", "--session", session, "--json"},
        {"journal", "dump", "--session", session, "--from", "40", "--limit", "5"},
        {"journal", "tail", "--session", session, "--last", "6", "--no-follow"},
        {"journal", "tail", "--session", session, "--from", "3 messages ago", "--no-follow"},
        {"replay", "trace", "m11", "--session", session},
        {"replay", "explain", session}};
    for (const auto& words : lines) {
      const Output output = call(words, state_dir);
      text_ += output.out + output.err + std::to_string(output.code) + '\n';
    }
  }

  core::Prng random_;
  std::string text_{};
};

void expect_used(const fs::path& state_dir, bool used) {
  auto timeline = Timeline::open(state_dir);
  ASSERT_TRUE(timeline);
  EXPECT_EQ(timeline->index() != nullptr, used);
}

TEST(SessionBlocks, EveryAnswerIsTheSameWhateverIsLeftOfTheIndex) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE(seed);
    const TempDir dir;
    const RandomJournal story(dir.path(), seed, 90);
    const std::string expected = Answers(dir.path(), seed).text();
    const auto with = [&](const char* what, bool used, const std::function<void()>& prepare) {
      SCOPED_TRACE(what);
      fs::remove_all(dir.path() / "index");
      prepare();
      expect_used(dir.path(), used);
      EXPECT_EQ(Answers(dir.path(), seed).text(), expected);
    };
    with("whole", true, [&] { write_index(dir.path()); });
    with("empty", true, [&] { write_index(dir.path(), Seq{}); });
    core::Prng random(seed);
    for (int i = 0; i < 2; ++i) {
      with("behind", true, [&] { write_index(dir.path(), Seq{random.below(story.last().value)}); });
    }
    with("of another journal", false, [&] { write_index(dir.path(), kWhole, Bits128{1, 1}); });
    with("of another history", false, [&] {
      const TempDir other;
      const RandomJournal foreign(other.path(), seed + 100, 40);
      write_index(other.path());
      fs::copy(other.path() / "index", dir.path() / "index");
    });
    with("damaged", false, [&] {
      write_index(dir.path());
      damage_index(dir.path(), 3, 1);
    });
    with("cut short", false, [&] {
      write_index(dir.path());
      fs::resize_file(dir.path() / "index" / "data.mdb", 12'288);
    });
  }
}

// The blocks that a walk looks at.
Seqs visited(Timeline& timeline, const std::string& session, bool back) {
  SessionBlocks where(timeline, session);
  Seqs blocks;
  const auto each = [&](const EventView& event) {
    const auto block = timeline.reader().first_of_block(event.seq);
    if (blocks.empty() || blocks.back() != block->value) blocks.push_back(block->value);
    return true;
  };
  EXPECT_TRUE(back ? timeline.for_each_event_back(kWhole, Seq{1}, each, &where)
                   : timeline.for_each_event(Seq{1}, kWhole, each, &where));
  return blocks;
}

Seqs visited(const fs::path& state_dir, const std::string& session, bool back = false) {
  auto timeline = Timeline::open(state_dir);
  EXPECT_TRUE(timeline);
  return visited(*timeline, session, back);
}

class OneSessionAmongMany : public ::testing::Test {
 protected:
  OneSessionAmongMany() {
    Lab lab(dir_.path());
    for (int i = 0; i < 5; ++i) {
      seqs_.push_back(lab.say({.sender = "alice", .id = "a" + std::to_string(i)}).value);
      for (int j = 0; j < 8; ++j)
        lab.say({.sender = "bob" + std::to_string(j), .id = "b" + std::to_string(i)});
    }
    write_index(dir_.path());
  }

  TempDir dir_{};
  Seqs seqs_{};  // of alice's messages, which begin their blocks
  const std::string key_{"agent:main:telegram:direct:alice"};
};

TEST_F(OneSessionAmongMany, OnlyItsOwnBlocksAreLookedAt) {
  EXPECT_EQ(visited(dir_.path(), key_), seqs_);
  EXPECT_EQ(visited(dir_.path(), key_, true), Seqs(seqs_.rbegin(), seqs_.rend()));
  EXPECT_TRUE(visited(dir_.path(), "agent:main:telegram:direct:nobody").empty());
  EXPECT_GT(visited(dir_.path(), "").size(), 45U);
}

TEST_F(OneSessionAmongMany, WithoutAnIndexEveryBlockIsLookedAt) {
  const Seqs all = visited(dir_.path(), "");
  fs::remove_all(dir_.path() / "index");
  EXPECT_EQ(visited(dir_.path(), key_), all);
}

TEST_F(OneSessionAmongMany, BeyondTheIndexEveryBlockIsLookedAt) {
  {
    const TempDir shorter;
    fs::copy(dir_.path() / "journal", shorter.path() / "journal");
    write_index(shorter.path(), Seq{seqs_[3] - 1});
    fs::remove_all(dir_.path() / "index");
    fs::copy(shorter.path() / "index", dir_.path() / "index");
  }
  const Seqs all = visited(dir_.path(), "");
  Seqs expected{seqs_[0], seqs_[1], seqs_[2]};
  std::ranges::copy_if(all, std::back_inserter(expected),
                       [&](std::uint64_t block) { return block >= seqs_[3]; });
  EXPECT_EQ(visited(dir_.path(), key_), expected);
}

TEST_F(OneSessionAmongMany, AnIndexThatIsDamagedAfterItWasOpenedIsUsedNoMore) {
  const Seqs all = visited(dir_.path(), "");
  auto timeline = Timeline::open(dir_.path());
  ASSERT_TRUE(timeline && timeline->index() != nullptr);
  const auto message = timeline->event(Seq{seqs_[0]});
  ASSERT_TRUE(message);
  const std::uint64_t session = message->header.session;
  // By another process: LMDB's locks are per process.
  const pid_t child = ::fork();
  if (child == 0) {
    damage_index(dir_.path(), session, 1ULL << 40);
    ::_exit(HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_NE(timeline->index(), nullptr);
  EXPECT_EQ(visited(*timeline, std::to_string(session), false), all);
  EXPECT_EQ(visited(dir_.path(), key_), all);
}

TEST_F(OneSessionAmongMany, ItAnswersAlsoFromTheMiddleOfABlock) {
  auto timeline = Timeline::open(dir_.path());
  ASSERT_TRUE(timeline);
  SessionBlocks where(*timeline, key_);
  const auto block = timeline->reader().block_of(Seq{seqs_[1]});
  ASSERT_TRUE(block);
  ASSERT_GT(block->count(), 1U);
  const Seq last = block->last();
  EXPECT_EQ(where.at_or_after(last), last);
  EXPECT_EQ(where.at_or_after(next(last)), Seq{seqs_[2]});
  EXPECT_EQ(where.at_or_before(last), last);
  EXPECT_EQ(where.at_or_before(next(last)), Seq{seqs_[1]});
  EXPECT_EQ(where.at_or_before(Seq{seqs_[0] - 1}), Seq{});
  EXPECT_EQ(where.at_or_after(timeline->last()), next(timeline->last()));
}

}  // namespace
}  // namespace spine::replay
