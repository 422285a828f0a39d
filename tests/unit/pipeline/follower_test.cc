// Follower: it goes on folding and answering while the index or the snapshots fail.
#include "engine/pipeline/follower/follower.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <thread>

#include "engine/log/log.h"
#include "tests/unit/pipeline/no_wake.h"
#include "tests/unit/replay/story.h"

namespace spine::pipeline {
namespace {

namespace fs = std::filesystem;

template <class Done>
bool wait_until(Done done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

// A follower of a story; the test plays the engine thread and the net thread.
class Following {
 public:
  Following(const fs::path& dir, replay::Story& story,
            std::uint64_t snapshot_every = limits::kSnapshotEveryEvents)
      : story_(story), follower_(shared, net_.add_producer(), loop_.add_producer()) {
    const Status opened = follower_.open({.state_dir = dir,
                                          .epoch = story.journal().epoch(),
                                          .boot = Bits128{1, 2},
                                          .journal_last = story.last(),
                                          .snapshot_every = snapshot_every},
                                         story.journal().reader());
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    follower_.start([](const Error& error) { ADD_FAILURE() << error.message; });
  }
  ~Following() {
    follower_.finish();
    follower_.join();
  }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  void catch_up() {
    follower_.advance(story_.last(), Follower::Hurry::yes);
    EXPECT_TRUE(wait_until(
        [&] { return shared.metrics.follower_applied_seq.get() >= story_.last().value; }));
  }

  // How many events the history of the session has.
  std::size_t history(SessionId session) {
    follower_.ask({.kind = ReadRequest::Kind::answer,
                   .connection = {1, 1},
                   .request = 1,
                   .as_of = story_.last(),
                   .read = {.session = session, .limit = 100}});
    follower_.advance(story_.last(), Follower::Hurry::yes);
    std::size_t count = 0;
    bool answered = false;
    EXPECT_TRUE(wait_until([&] {
      OutBlock* block = net_.poll();
      if (block == nullptr) return false;
      block->for_each([&](const OutHeader&, ByteSpan payload) {
        HistoryItem item{};
        read(payload, item);
        EXPECT_TRUE(item.found);
        count = item.events.size();
        answered = true;
      });
      net_.release(block);
      return answered;
    }));
    return count;
  }

  Shared shared{};

 private:
  replay::Story& story_;
  Outbox net_{&no_wake, nullptr};
  Outbox loop_{&no_wake, nullptr};
  Follower follower_;
};

class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest() : story_(temp_.path()) {
    story_.created();
    story_.configured();
    for (const char* id : {"m1", "m2", "m3"})
      story_.message("alice", id, "hello");
    journal::Reader reader = story_.journal().reader();
    EXPECT_TRUE(reader.renew());
    const auto block = reader.block_of(story_.last());
    EXPECT_TRUE(block);
    session_ = SessionId{block->event(0).header.session};
    for (std::uint32_t i = 0; i < block->count() && !session_; ++i)
      session_ = SessionId{block->event(i).header.session};
    EXPECT_TRUE(session_);
  }

  fs::path dir() const { return temp_.path(); }

  replay::TempDir temp_{};
  replay::Story story_;
  SessionId session_{};
};

TEST_F(FollowerTest, WithoutAnIndexItFoldsAnswersAndStops) {
  { EXPECT_EQ(Following(dir(), story_).history(session_), 3U); }
  fs::create_directories(dir() / "index" / "mark.partial" / "in the way");
  story_.message("alice", "m4", "hello");
  {
    Following following(dir(), story_);
    EXPECT_EQ(following.history(session_), 0U) << "what it can";
    following.catch_up();
  }
  fs::remove_all(dir() / "index" / "mark.partial");
  Following following(dir(), story_);
  EXPECT_EQ(following.history(session_), 4U);
  EXPECT_EQ(following.shared.metrics.snapshot_seq.get(), story_.last().value);
}

TEST_F(FollowerTest, AnIndexThatWasDeletedIsMadeAgainBeforeAnyAnswer) {
  { EXPECT_EQ(Following(dir(), story_).history(session_), 3U); }
  fs::remove_all(dir() / "index");
  EXPECT_EQ(Following(dir(), story_).history(session_), 3U);
}

TEST_F(FollowerTest, ASnapshotThatFailedIsTriedAgainOnlyAfterAnotherInterval) {
  constexpr std::uint64_t kEvery = 20;
  constexpr int kMessages = 30;
  const fs::path file = dir() / "log";
  ASSERT_TRUE(log::init({.file = file, .to_stderr = false}));
  std::uint64_t events = 0;
  {
    Following following(dir(), story_, kEvery);
    following.catch_up();
    const Seq before = story_.last();
    fs::remove_all(dir() / "snapshots");
    std::ofstream(dir() / "snapshots") << "in the way";
    for (int i = 0; i < kMessages; ++i) {
      story_.message("alice", "n" + std::to_string(i), "hello");
      following.catch_up();
    }
    events = story_.last().value - before.value;
  }
  log::shutdown();
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::uint64_t attempts = 0;
  for (std::size_t at = 0; (at = text.find("no snapshot written", at)) != std::string::npos; ++at)
    ++attempts;
  ASSERT_GT(events, 2 * kEvery);
  EXPECT_GE(attempts, 2U);
  EXPECT_LE(attempts, events / kEvery + 2) << "and one more at the end";
}

}  // namespace
}  // namespace spine::pipeline
