// Sessions that go back to an earlier message, and sessions that begin as others.
#include "engine/core/sessions/histories.h"

#include <gtest/gtest.h>
#include <span>

#include "engine/core/model/digest.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/snapshot.h"
#include "engine/core/model/tables.h"
#include "schemas/fields.h"
#include "tests/unit/core/life.h"

namespace spine::core {
namespace {

constexpr Seq kNoEnd{~std::uint64_t{0}};

std::vector<std::uint64_t> words_of_snapshot(const State& state) {
  flatbuffers::FlatBufferBuilder builder;
  save_snapshot(state, builder);
  std::vector<std::uint64_t> words((builder.GetSize() + 7) / 8);
  std::memcpy(words.data(), builder.GetBufferPointer(), builder.GetSize());
  return words;
}

State of_snapshot(const State& state) {
  State copy;
  const std::vector<std::uint64_t> words = words_of_snapshot(state);
  EXPECT_TRUE(load_snapshot(std::as_bytes(std::span(words)), copy));
  return copy;
}

class CutHistories : public ::testing::Test {
 protected:
  CutHistories() { world.connect("token"); }
  // Every route to the state leads to the same.
  void TearDown() override {
    const Bits128 live = digest(world.state).total;
    EXPECT_EQ(live, digest(fold(world.journal, world.journal.size())).total);
    EXPECT_EQ(live, digest(of_snapshot(world.state)).total);
  }
  // A message and its answer.
  Reply talk(const std::string& key, const std::string& text) {
    const Reply sent = world.chat(key, text);
    world.finish(sent.run);
    return sent;
  }
  HistoryParts parts(SessionId session) const { return view_history(world.state, session); }
  World world;
};

TEST_F(CutHistories, ARewoundSessionGoesOnFromWhereItWas) {
  const Reply one = talk("main", "one");
  const Seq answered = world.last().seq;
  const SessionId main = one.session;
  talk("main", "two");
  world.bind(world.chat("main", "three").run, "of the agent");
  const SessionView before = world.view(main);
  ASSERT_EQ(before.agent_session, "of the agent");
  ASSERT_EQ(world.rewind_session(main, answered, 2).code, ReplyCode::accepted);
  EXPECT_EQ(show_drafts(world), "SessionRewound RunAborted(three)");
  SessionView view = world.view(main);
  EXPECT_EQ(view.message_count, 2U);
  EXPECT_NE(view.uuid, before.uuid);
  EXPECT_EQ(view.agent_session, "") << "what the agent knows has gone further";
  EXPECT_EQ(view.started_wall_ms, before.started_wall_ms) << "it is the same life";
  EXPECT_EQ(parts(main), (HistoryParts{{main, one.seq, answered}}));
  const Reply four = talk("main", "four");
  EXPECT_EQ(parts(main), (HistoryParts{{main, one.seq, answered}, {main, four.seq, kNoEnd}}));
  EXPECT_EQ(world.view(main).message_count, 4U);
  ASSERT_EQ(world.rewind_session(main, one.seq, 1).code, ReplyCode::accepted);
  EXPECT_EQ(parts(main), (HistoryParts{{main, one.seq, one.seq}})) << "and further back";
  world.reset(main);
  EXPECT_EQ(parts(main), HistoryParts{});
}

TEST_F(CutHistories, ASessionIsNotRewoundBeyondItsEnds) {
  const Reply old = talk("main", "old");
  const SessionId main = old.session;
  world.reset(main);
  EXPECT_EQ(world.rewind_session(main, old.seq).code, ReplyCode::nothing_to_do) << "it is empty";
  const Reply one = talk("main", "one");
  const Seq last = world.last().seq;
  Reply refused = world.rewind_session(main, old.seq);
  EXPECT_EQ(refused.code, ReplyCode::before_history);
  EXPECT_EQ(refused.seq, one.seq);
  refused = world.rewind_session(main, next(last));
  EXPECT_EQ(refused.code, ReplyCode::after_history);
  EXPECT_EQ(refused.seq, last);
  EXPECT_EQ(world.rewind_session(main, last).code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.rewind_session(SessionId{9'999}, last).code, ReplyCode::not_found);
  EXPECT_EQ(world.kinds(), "");
  const Reply busy = world.chat("main", "two");
  EXPECT_EQ(world.rewind_session(main, busy.seq).code, ReplyCode::accepted) << "it ends the run";
}

TEST_F(CutHistories, WhatWasCutOffIsNotTriedAgainButWhatStaysIs) {
  const Reply one = world.chat("main", "one");
  world.fail(one.run);
  const Reply two = world.chat("main", "two");
  world.fail(two.run);
  ASSERT_EQ(world.rewind_session(one.session, one.seq, 1).code, ReplyCode::accepted);
  EXPECT_EQ(world.retry(two.run).code, ReplyCode::left_behind);
  const Reply again = world.retry(one.run);
  ASSERT_EQ(again.code, ReplyCode::accepted);
  world.finish(again.run);
  const Seq answered = world.last().seq;
  EXPECT_EQ(world.view(one.session).message_count, 2U);
  EXPECT_EQ(parts(one.session),
            (HistoryParts{{one.session, one.seq, one.seq}, {one.session, answered, kNoEnd}}));
}

TEST_F(CutHistories, AForkBeginsAsTheOtherAndBothGoOn) {
  const Reply one = talk("agent:work:plan", "one");
  const Seq answered = world.last().seq;
  const SessionId plan = one.session;
  world.patch_session(plan, {.label = "plan", .thinking_level = "high", .model = "echo/one"});
  talk("agent:work:plan", "two");
  const Reply forked = world.fork_session(plan, answered, "other", 2);
  ASSERT_EQ(forked.code, ReplyCode::accepted);
  EXPECT_NE(forked.session, plan);
  const SessionView view = world.view(forked.session);
  EXPECT_TRUE(view.key.starts_with("agent:work:dashboard:")) << view.key;
  EXPECT_EQ(view.agent_id, "work");
  EXPECT_EQ(view.label, "other");
  EXPECT_EQ(view.thinking_level, "high");
  EXPECT_EQ(view.model, "echo/one");
  EXPECT_EQ(view.message_count, 2U);
  EXPECT_EQ(parts(forked.session), (HistoryParts{{plan, one.seq, answered}}));
  const Reply three = talk(std::string(view.key), "three");
  EXPECT_EQ(three.session, forked.session);
  world.close(plan);
  EXPECT_EQ(parts(forked.session),
            (HistoryParts{{plan, one.seq, answered}, {forked.session, three.seq, kNoEnd}}))
      << "the other may go";
  const Reply again = world.fork_session(forked.session);
  ASSERT_EQ(again.code, ReplyCode::accepted) << "a fork of a fork";
  EXPECT_EQ(world.view(again.session).message_count, 4U) << "of all of it the count is known";
  EXPECT_EQ(parts(again.session).size(), 2U);
  EXPECT_EQ(world.rewind_session(again.session, one.seq, 1).code, ReplyCode::accepted);
  EXPECT_EQ(parts(again.session), (HistoryParts{{plan, one.seq, one.seq}}));
}

TEST_F(CutHistories, AForkThatCannotBeIsRefused) {
  const Reply one = talk("main", "one");
  world.patch_session(one.session, {.label = "taken"});
  EXPECT_EQ(world.fork_session(one.session, Seq{}, "taken").code, ReplyCode::label_taken);
  EXPECT_EQ(world.fork_session(one.session, Seq{1}).code, ReplyCode::before_history);
  EXPECT_EQ(world.fork_session(one.session, Seq{9'999}).code, ReplyCode::after_history);
  EXPECT_EQ(world.fork_session(SessionId{9'999}).code, ReplyCode::not_found);
  world.reset(one.session);
  EXPECT_EQ(world.fork_session(one.session).code, ReplyCode::nothing_to_do);
}

TEST_F(CutHistories, TheInputOfAForkDecidesTheSameAgain) {
  const Reply one = talk("main", "one");
  const State before = fold(world.journal, world.journal.size());
  ASSERT_EQ(world.fork_session(one.session, one.seq, "", 1).code, ReplyCode::accepted);
  Input input{};
  flatbuffers::FlatBufferBuilder scratch;
  ASSERT_TRUE(input_of(world.last(), input, scratch));
  Decision again;
  decide(before, input, again);
  ASSERT_EQ(again.count(), 1U);
  EXPECT_EQ(again.drafts()[0].header.session, world.last().header.session);
  EXPECT_EQ(as_text(again.drafts()[0].body),
            as_text(world.last().body).substr(0, again.drafts()[0].body.size()));
}

TEST_F(CutHistories, TooManyPartsAreRefused) {
  const Reply one = talk("main", "one");
  const SessionId main = one.session;
  Reply rewound{};
  int rewinds = 0;
  for (; rewinds < 200; ++rewinds) {
    const Seq stays = talk("main", "stays").seq;
    talk("main", "goes");
    rewound = world.rewind_session(main, stays);
    if (rewound.code != ReplyCode::accepted) break;
  }
  EXPECT_EQ(rewound.code, ReplyCode::history_full);
  EXPECT_GT(rewinds, 15);
  EXPECT_EQ(parts(main).size(), static_cast<std::size_t>(rewinds) + 1);
  EXPECT_EQ(world.rewind_session(main, one.seq).code, ReplyCode::accepted) << "further back";
}

TEST(HistoryTable, TakesOfASnapshotOnlyWhatItWouldHaveWritten) {
  Histories table;
  const auto restore = [&](std::uint64_t session, const std::string& parts) {
    return table.restore({.session = SessionId{session}, .parts = parts});
  };
  for (const char* parts : {"",
                            ",",
                            "x",
                            "4",
                            "4:",
                            "4:10",
                            "4:10-",
                            "4:10-x",
                            "x:1-2",
                            "0:10-20",
                            "4:0-20",
                            "4:20-10",
                            "4:10-20,",
                            ",4:10-20",
                            "4:10-20,,9:30-40",
                            "4:10-20,x",
                            "4:10-20,9:20-30",
                            "4:30-40,9:10-20",
                            "4:10-20;9:30-40",
                            "4-10:20",
                            "04:10-20",
                            "4:+10-20",
                            "4: 10-20",
                            "4:10-20 ",
                            "4:10-99999999999999999999",
                            "-4:10-20"}) {
    EXPECT_FALSE(restore(4, parts)) << parts;
  }
  EXPECT_TRUE(restore(4, "4:10-20,9:21-21"));
  EXPECT_EQ(table.earlier(SessionId{4}),
            (HistoryParts{{SessionId{4}, Seq{10}, Seq{20}}, {SessionId{9}, Seq{21}, Seq{21}}}));
  EXPECT_FALSE(restore(4, "4:10-20")) << "out of order";
  table.set(SessionId{2}, {{SessionId{1}, Seq{5}, Seq{6}}});
  EXPECT_EQ(table[0].session, SessionId{2});
  EXPECT_EQ(table[0].parts, "1:5-6");
  table.forget(SessionId{4});
  table.forget(SessionId{4});
  EXPECT_EQ(table.count(), 1U);
}

// A snapshot whose row of histories was put there by somebody else, with the digest to match.
TEST(HistoryTable, ASnapshotWithPartsThatCannotBeIsRefused) {
  World world;
  world.connect("token");
  const Reply one = world.chat("main", "one");
  world.finish(one.run);
  ASSERT_EQ(world.rewind_session(one.session, one.seq, 1).code, ReplyCode::accepted);
  const Reply two = world.chat("main", "two");
  const SessionId main = one.session;
  const Seq applied = world.state.applied();
  const auto loads = [&](SessionId session, const HistoryParts& parts) {
    State state = fold(world.journal, world.journal.size());
    state.tables().histories.forget(main);
    state.tables().histories.set(session, parts);
    State loaded;
    const Bits128 own = digest(state).total;
    const std::vector<std::uint64_t> words = words_of_snapshot(state);
    const Status status = load_snapshot(std::as_bytes(std::span(words)), loaded);
    if (status) {
      EXPECT_EQ(digest(loaded).total, own);
    } else {
      EXPECT_EQ(status.error().code, Errc::corrupt);
      EXPECT_NE(status.error().message.find("table histories"), std::string::npos);
      EXPECT_EQ(loaded.applied(), Seq{});
    }
    return bool{status};
  };
  EXPECT_TRUE(loads(main, {{main, one.seq, one.seq}}));
  EXPECT_TRUE(loads(main, {{SessionId{1}, one.seq, one.seq}})) << "of one that is gone";
  EXPECT_FALSE(loads(SessionId{main.value + 1}, {{main, one.seq, one.seq}})) << "of no session";
  EXPECT_FALSE(loads(main, {{main, one.seq, two.seq}})) << "overlaps the present history";
  EXPECT_FALSE(loads(main, {{main, next(one.seq), one.seq}})) << "ends before it begins";
  EXPECT_FALSE(loads(main, {{main, one.seq, one.seq}, {main, one.seq, one.seq}}));
  EXPECT_FALSE(loads(main, {{SessionId{applied.value + 1}, one.seq, one.seq}}));
  ASSERT_EQ(world.rewind_session(main, one.seq, 1).code, ReplyCode::accepted);
  EXPECT_TRUE(loads(main, {{main, one.seq, next(applied)}})) << "nothing was said since";
  EXPECT_FALSE(loads(main, {{main, one.seq, Seq{applied.value + 100}}})) << "beyond the snapshot";
}

// An event of others that names a seq which has not been: what comes of it makes sense all the
// same.
TEST(HistoryTable, ARewindingIntoTheFutureEndsWhereItStands) {
  World world;
  world.connect("token");
  const Reply one = world.chat("main", "one");
  ASSERT_EQ(world.rewind_session(one.session, one.seq, 1).code, ReplyCode::accepted);
  world.chat("main", "two");
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateSessionRewound(builder, ~std::uint64_t{0} - 1, nullptr, 2));
  RecordHeader header{};
  header.kind = kind_number(fb::EventBody::SessionRewound);
  header.session = one.session.value;
  const Seq seq = next(world.state.applied());
  evolve(world.state, {.seq = seq, .header = header, .body = finished(builder)});
  EXPECT_EQ(view_history(world.state, one.session).back().last, seq);
  EXPECT_EQ(digest(of_snapshot(world.state)).total, digest(world.state).total);
}

// In random lives, too, parts are in order and are of events that have been.
TEST(HistoryTable, PartsAreInOrderWhateverHappens) {
  std::size_t cut = 0;
  for (std::uint64_t seed = 300; seed < 315; ++seed) {
    Life life(seed);
    for (int i = 0; i < 600; ++i) {
      life.step();
      if (life.world.kinds().starts_with("SessionRewound")) ++cut;
    }
    std::vector<SessionId> ids;
    list_sessions(life.world.state, {}, 0, 1'000, ids);
    for (const SessionId id : ids) {
      Seq after{};
      for (const HistoryPart& part : view_history(life.world.state, id)) {
        EXPECT_GT(part.first, after);
        EXPECT_LE(part.first, life.world.state.applied());
        after = part.last;
      }
    }
  }
  EXPECT_GT(cut, 20U);
}

}  // namespace
}  // namespace spine::core
