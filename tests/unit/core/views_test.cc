// What evolve does to sessions and runs, as the views show it; effects of events.
#include "engine/core/model/views.h"

#include <gtest/gtest.h>
#include <string>

#include "engine/core/model/effects.h"
#include "engine/core/model/evolve.h"
#include "schemas/vocab/limits.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr const char* kAliceKey = "agent:main:telegram:direct:alice";

TEST(Views, HistoryIsThePresentLife) {
  World world;
  const Reply first = world.message({});
  SessionView view = world.view(first.session);
  EXPECT_EQ(view.key, kAliceKey);
  EXPECT_EQ(view.agent_id, "main");
  EXPECT_EQ(view.channel, "telegram");
  EXPECT_EQ(view.display_name, "alice");
  EXPECT_TRUE(view.uuid);
  EXPECT_EQ(view.history_first, first.seq);
  EXPECT_EQ(view.history_last, first.seq);
  EXPECT_EQ(view.message_count, 1U);
  EXPECT_EQ(view.active_run, first.run);
  EXPECT_EQ(view.active_run_key.size(), 36U);
  world.advance_ms(5);
  const Reply finished = world.finish(first.run);
  view = world.view(first.session);
  EXPECT_EQ(view.history_last, finished.seq);
  EXPECT_EQ(view.message_count, 2U);
  EXPECT_EQ(view.updated_wall_ms, world.now.wall_ms);
  EXPECT_EQ(view.active_run, RunId{});
}

TEST(Views, WhatAResetCutOffDoesNotReachTheNewLife) {
  World world;
  const Reply first = world.message({});
  const Bits128 before = world.view(first.session).uuid;
  world.reset(first.session);
  SessionView view = world.view(first.session);
  EXPECT_EQ(view.uuid, before) << "no new id was asked for";
  EXPECT_EQ(view.message_count, 0U);
  EXPECT_EQ(view.history_first, Seq{});
  world.reset(first.session, Bits128{.hi = 1, .lo = 2});
  EXPECT_EQ(world.view(first.session).uuid, (Bits128{.hi = 1, .lo = 2}));
  const Reply next = world.message({});
  EXPECT_EQ(world.view(first.session).history_first, next.seq);
}

TEST(Views, ARunOfAClosedSessionEndsWithTheAbortThatFollows) {
  World world;
  const Reply first = world.message({});
  world.close(first.session);
  ASSERT_EQ(world.kinds(), "SessionClosed RunAborted");
  RunView run{};
  ASSERT_TRUE(view_run(world.state, first.run, run));
  EXPECT_EQ(run.status, RunStatus::aborted);
  EXPECT_EQ(run.ended, world.last().seq);
  EXPECT_EQ(run.message, first.seq);
  SessionView view{};
  EXPECT_FALSE(view_session(world.state, first.session, view));
  EXPECT_EQ(find_session(world.state, kAliceKey), SessionId{});
}

TEST(Views, EndedRunsAreKeptForAWhile) {
  World world;
  const Reply first = world.message({});
  world.finish(first.run);
  RunView run{};
  for (std::uint32_t i = 1; i < limits::kRunsFinishedKept; ++i) {
    world.finish(world.message({}).run);
  }
  EXPECT_TRUE(view_run(world.state, first.run, run));
  EXPECT_EQ(run.status, RunStatus::finished);
  world.fail(world.message({}).run);
  EXPECT_FALSE(view_run(world.state, first.run, run));
  EXPECT_EQ(count_state(world.state).runs_open, 0U);
}

TEST(Views, SessionsAreListedLatestFirst) {
  World world;
  std::vector<SessionId> opened;
  for (int i = 0; i < 5; ++i) {
    world.advance_ms(1);
    opened.push_back(world.message({.sender = "user" + std::to_string(i)}).session);
  }
  world.advance_ms(1);
  world.message({.sender = "user1"});
  std::vector<SessionId> page;
  EXPECT_EQ(list_sessions(world.state, {}, 0, 2, page), 5U);
  EXPECT_EQ(page, (std::vector<SessionId>{opened[1], opened[4]}));
  page.clear();
  EXPECT_EQ(list_sessions(world.state, "main", 4, 10, page), 5U);
  EXPECT_EQ(page, (std::vector<SessionId>{opened[0]}));
  EXPECT_EQ(list_sessions(world.state, "work", 0, 10, page), 0U);
  page.clear();
  EXPECT_EQ(list_sessions(world.state, {}, 50, 10, page), 5U);
  EXPECT_TRUE(page.empty());
}

TEST(Views, TheEngineRemembersItsLastStart) {
  World world;
  world.time_zone(60);
  const EngineMemory memory = view_engine(world.state);
  EXPECT_EQ(memory.boot_id, (Bits128{.hi = 3, .lo = 4}));
  EXPECT_EQ(memory.boottime_ms, 500U);
  EXPECT_EQ(memory.start_logical_ms, 1'000U);
  EXPECT_FALSE(memory.stopped);
  EXPECT_EQ(memory.utc_offset_minutes, 60);
  EXPECT_EQ(memory.zone, "Europe/Berlin");
  EXPECT_EQ(memory.policy.size(), world.journal[2].header.body_bytes);
  EXPECT_EQ(world.state.epoch(), (Bits128{.hi = 7, .lo = 8}));
}

TEST(Views, AFreshStateTakesLittleMemory) {
  const World world;
  EXPECT_LT(count_state(world.state).bytes, 64U * 1024);
}

TEST(Effects, AStartedRunPromptsUntilItEnds) {
  World world;
  const Reply reply = world.message({});
  const Effects list = world.asked_for(world.last());
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].kind, EffectKind::prompt_agent);
  EXPECT_EQ(list[0].id, (EffectId{.seq = world.last().seq, .ordinal = 0}));
  EXPECT_EQ(list[0].message, reply.seq);
  EXPECT_EQ(list[0].run, reply.run);

  std::vector<Effect> open;
  open_obligations(world.state, open);
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].id, list[0].id) << "resumed under the same id";
  EXPECT_EQ(open[0].message, reply.seq);
  world.finish(reply.run);
  open.clear();
  open_obligations(world.state, open);
  EXPECT_TRUE(open.empty());
}

TEST(Effects, ObligationsAreInOrderOfTheirIds) {
  World world;
  std::vector<RunId> runs;
  for (int i = 0; i < 6; ++i) {
    runs.push_back(world.message({.sender = "user" + std::to_string(i)}).run);
  }
  world.message({.sender = "user0"});
  world.finish(runs[0]);  // its successor starts last
  std::vector<Effect> open;
  open_obligations(world.state, open);
  ASSERT_EQ(open.size(), 6U);
  for (std::size_t i = 1; i < open.size(); ++i)
    EXPECT_LT(open[i - 1].id, open[i].id);
}

TEST(Effects, AnAbortCancelsEachRun) {
  World world;
  const Reply first = world.message({});
  const Reply second = world.message({});
  world.abort(first.session);
  const Effects list = world.asked_for(world.last());
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].kind, EffectKind::cancel_agent);
  EXPECT_EQ(list[0].run, first.run);
  EXPECT_EQ(list[1].run, second.run);
  EXPECT_EQ(list[1].id.ordinal, 2U);
}

TEST(Effects, FactsForTheJournalAloneHaveNone) {
  World world;
  for (std::size_t i = 0; i < 2; ++i)
    EXPECT_TRUE(world.asked_for(world.journal[i].view(Seq{i + 1})).empty());
}

}  // namespace
}  // namespace spine::core
