// Engine: inputs become durable facts before anybody hears of them, and survive a restart.
#include "engine/pipeline/engine.h"

#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>

#include "engine/pipeline/items/messages.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/fields.h"
#include "tests/unit/pipeline/gateway.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

TEST_F(EngineTest, AMessageIsAcknowledgedPromptedAndAnswered) {
  Gateway gateway{dir_};
  EXPECT_TRUE(gateway.report.created);
  gateway.message(1, "ann", "m1", "hello");
  gateway.flush();
  const core::Reply reply = gateway.reply();
  EXPECT_EQ(reply.code, core::ReplyCode::accepted);
  EXPECT_TRUE(reply.session);
  const PromptItem prompt = gateway.prompt();
  EXPECT_EQ(gateway.prompt_text, "hello");
  EXPECT_EQ(prompt.run, reply.run);
  gateway.finish_run(prompt.run, "echo: hello");
  gateway.flush();
  EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
}

TEST_F(EngineTest, ARestartFindsTheSameStateAndResumesWhatWasOpen) {
  Bits128 before{};
  RunId open{};
  {
    Gateway gateway{dir_};
    gateway.message(1, "ann", "m1", "still open");
    gateway.flush();
    open = gateway.reply().run;
    for (std::uint64_t i = 2; i < 200; ++i) {
      gateway.message(i, "bob" + std::to_string(i % 7), "m" + std::to_string(i), "text");
    }
    gateway.flush();
    before = gateway.digest();
    gateway.stop();
    EXPECT_GE(gateway.shared.metrics.digest_checks.get(), 1U);
    EXPECT_EQ(gateway.shared.metrics.digest_divergence.get(), 0U);
  }
  Gateway again{dir_};
  EXPECT_FALSE(again.report.created);
  EXPECT_FALSE(again.report.after_crash);
  EXPECT_NE(again.report.snapshot, Seq{});
  EXPECT_LE(again.report.events_folded, 1U);
  bool resumed = false;
  for (int i = 0; i < 8 && !resumed; ++i)
    resumed = again.prompt().run == open;
  EXPECT_TRUE(resumed);
  EXPECT_NE(before, Bits128{});
}

TEST_F(EngineTest, WithoutSnapshotAndIndexTheStateIsTheSame) {
  const auto run = [&] {
    Gateway gateway{dir_, "none"};
    EXPECT_EQ(gateway.report.after_crash, false);
    const Bits128 digest = gateway.digest();
    gateway.stop();
    return digest;
  };
  {
    Gateway gateway{dir_, "none"};
    for (std::uint64_t i = 0; i < 3'000; ++i) {
      gateway.message(i, "p" + std::to_string(i % 50), "m" + std::to_string(i), "some text");
    }
    gateway.flush();
    gateway.digest();
    gateway.stop();
  }
  journal::Reader reader = *journal::Reader::open_read_only(dir_ / "journal");
  ASSERT_TRUE(reader.renew());
  EXPECT_GE(reader.last().value, 3'000U);
  run();
  std::filesystem::remove_all(dir_ / "snapshots");
  std::filesystem::remove_all(dir_ / "index");
  Gateway gateway{dir_, "none"};
  EXPECT_EQ(gateway.report.snapshot, Seq{});
  EXPECT_GE(gateway.report.events_folded, 3'000U);
  gateway.stop();
  EXPECT_EQ(gateway.shared.metrics.digest_divergence.get(), 0U);
  EXPECT_GE(gateway.shared.metrics.digest_checks.get(), 3U) << "one for each recorded stop";
}

// A start that goes no further than recovery.
struct Start {
  explicit Start(const std::filesystem::path& dir, bool accept_loss = false, bool restored = false)
      : recovered(engine.recover({.state_dir = dir,
                                  .version = "test",
                                  .policy = policy_body("none"),
                                  .accept_loss = accept_loss,
                                  .restored = restored})) {}

  Shared shared{};
  Ingress ingress{};
  Outbox net{&no_wake, nullptr};
  Outbox loop{&no_wake, nullptr};
  Engine engine{shared, ingress, net, loop};
  Result<RecoveryReport> recovered;
};

// Puts a snapshot beside the journal that tells of events it does not hold.
void save_ahead(const std::filesystem::path& dir, Seq seq) {
  const auto journal = journal::Journal::open(dir / "journal", {}).value();
  auto store = journal::SnapshotStore::open(dir / "snapshots").value();
  ASSERT_TRUE(store.write(seq, journal->epoch(), as_bytes("state"), journal->head()));
}

std::uint64_t last_accepted_loss(const std::filesystem::path& dir) {
  journal::Reader reader = *journal::Reader::open_read_only(dir / "journal");
  std::uint64_t last = 0;
  for (Seq seq = reader.first(); seq <= reader.last(); seq = next(seq)) {
    const EventView event = reader.event_at(seq).value();
    if (!is_kind(event, fb::EventBody::EngineStarted)) continue;
    last = root_of<fb::EngineStarted>(event).accepted_loss();
  }
  return last;
}

TEST_F(EngineTest, AnAcceptedLossIsInTheJournalBeforeWhatTellsOfItIsPutAway) {
  { ASSERT_TRUE(Start{dir_}.recovered); }
  save_ahead(dir_, Seq{1'000});
  const std::filesystem::path aside = dir_ / "snapshots" / "00000000000000001000.snapshot.lost";
  std::filesystem::create_directories(aside / "in the way");
  EXPECT_FALSE(Start(dir_, true).recovered) << "the snapshot cannot be renamed";
  EXPECT_EQ(last_accepted_loss(dir_), 1'000U);
  // It tells of the loss still.
  EXPECT_FALSE(Start{dir_}.recovered);
  std::filesystem::remove_all(aside);
  EXPECT_TRUE(Start(dir_, true).recovered);
  EXPECT_TRUE(std::filesystem::is_regular_file(aside));
  EXPECT_TRUE(Start{dir_}.recovered);
}

TEST_F(EngineTest, CursorsOfBeforeALossAreOfAnotherEpochForEver) {
  const auto epoch = [this](bool accept_loss) {
    const Start start{dir_, accept_loss};
    EXPECT_TRUE(start.recovered);
    return start.shared.cursor_epoch;
  };
  const Bits128 first = epoch(false);
  EXPECT_EQ(epoch(false), first);
  save_ahead(dir_, Seq{1'000});
  const Bits128 second = epoch(true);
  EXPECT_NE(second, first);
  EXPECT_EQ(epoch(false), second);
  save_ahead(dir_, Seq{1'000});
  const Bits128 third = epoch(true);
  EXPECT_NE(third, first);
  EXPECT_NE(third, second);
  EXPECT_EQ(epoch(false), third);
}

TEST_F(EngineTest, CursorsOfBeforeARestoreAreOfAnotherEpochForEver) {
  const auto epoch = [this](bool restored) {
    const Start start{dir_, false, restored};
    EXPECT_TRUE(start.recovered);
    return start.shared.cursor_epoch;
  };
  const Bits128 first = epoch(false);
  const Bits128 second = epoch(true);
  EXPECT_NE(second, first);
  EXPECT_EQ(epoch(false), second);
  EXPECT_EQ(last_accepted_loss(dir_), 0U) << "nothing of this journal is known to be lost";
  EXPECT_NE(epoch(true), second);
}

TEST_F(EngineTest, ADuplicateIsNamedWithItsOriginal) {
  Gateway gateway{dir_, "none"};
  gateway.message(1, "ann", "m1", "hello");
  gateway.flush();
  const core::Reply first = gateway.reply();
  gateway.message(2, "ann", "m1", "hello");
  gateway.flush();
  const core::Reply second = gateway.reply();
  EXPECT_EQ(second.code, core::ReplyCode::duplicate);
  EXPECT_EQ(second.seq, first.seq);
}

TEST_F(EngineTest, HistoryComesBackInOrderWithTheReplies) {
  Gateway gateway{dir_};
  std::string key;
  for (std::uint64_t i = 0; i < 5; ++i) {
    gateway.message(i, "ann", "m" + std::to_string(i), "question " + std::to_string(i));
    gateway.flush();
    EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
    gateway.finish_run(gateway.prompt().run, "answer " + std::to_string(i));
    gateway.flush();
    gateway.reply();
  }
  gateway.push(input_kind::kQuerySessions, {}, 9, 0, 0, 10);
  gateway.flush();
  gateway.expect(gateway.net, ItemKind::sessions, [&](const OutHeader&, ByteSpan payload) {
    SessionsItem item{};
    read(payload, item);
    ASSERT_EQ(item.total, 1U);
    key = item.sessions[0].key;
    EXPECT_EQ(item.sessions[0].message_count, 10U);
  });
  EXPECT_EQ(key, "agent:main:test:direct:ann");
  for (const std::uint64_t limit : {100U, 3U}) {
    gateway.push(input_kind::kQueryHistory, as_bytes(key), 10, 0, limit);
    gateway.flush();
    gateway.expect(gateway.net, ItemKind::history, [&](const OutHeader&, ByteSpan payload) {
      HistoryItem item{};
      read(payload, item);
      ASSERT_TRUE(item.found);
      EXPECT_EQ(item.more, limit == 3);
      ASSERT_EQ(item.events.size(), limit == 3 ? 3U : 10U);
      const auto* last = flatbuffers::GetRoot<fb::RunFinished>(item.events.back().body.data());
      EXPECT_EQ(last->text()->str(), "answer 4");
      for (std::size_t i = 1; i < item.events.size(); ++i) {
        EXPECT_LT(item.events[i - 1].seq, item.events[i].seq);
      }
    });
  }
}

TEST_F(EngineTest, ManyMessagesAreAcknowledgedInOrderWithGrowingSeqs) {
  constexpr std::uint64_t kCount = 20'000;
  Gateway gateway{dir_, "none"};
  std::thread sender{[&] {
    for (std::uint64_t i = 0; i < kCount; ++i) {
      gateway.message(i, "p" + std::to_string(i % 11), "m" + std::to_string(i), "text");
      if (i % 100 == 99) gateway.flush();
    }
  }};
  std::uint64_t expected = 0;
  Seq last{};
  while (expected < kCount) {
    gateway.expect(gateway.net, ItemKind::reply, [&](const OutHeader& header, ByteSpan payload) {
      ReplyItem item{};
      read(payload, item);
      ASSERT_EQ(header.request, expected++);
      ASSERT_GT(item.reply.seq, last);
      last = item.reply.seq;
    });
  }
  sender.join();
}

}  // namespace
}  // namespace spine::pipeline
