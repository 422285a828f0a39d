// "/new <text>": the conversation starts afresh, and the text is its first message.
#include <gtest/gtest.h>

#include "engine/core/model/digest.h"
#include "engine/core/model/views.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

TEST(FreshStart, TheTextBehindTheTriggerIsAnsweredInTheNewConversation) {
  World world;
  const Reply first = world.message({.text = "hello"});
  world.message({.text = "waits"});
  world.advance_ms(1'000);
  const Reply reply = world.message({.text = "/new and now?"});
  EXPECT_EQ(reply.code, ReplyCode::accepted);
  EXPECT_EQ(world.kinds(), "MessageReceived SessionReset RunAborted RunQueued RunStarted");
  const SessionView view = world.view(reply.session);
  EXPECT_EQ(view.message_count, 1U);
  EXPECT_EQ(view.history_first, reply.seq);
  EXPECT_EQ(view.active_run, reply.run);
  EXPECT_NE(reply.run, first.run);
  EXPECT_EQ(count_state(world.state).runs_open, 1U);
  EXPECT_EQ(digest(fold(world.journal, world.journal.size())).total, digest(world.state).total);
}

TEST(FreshStart, TheTriggerAloneEndsTheConversationAndStartsNothing) {
  World world;
  world.message({.text = "hello"});
  const Reply reply = world.message({.text = " /New "});
  EXPECT_EQ(world.kinds(), "MessageReceived SessionReset RunAborted");
  EXPECT_FALSE(reply.run);
  EXPECT_EQ(world.view(reply.session).message_count, 0U);
}

TEST(FreshStart, WithoutAConversationOneIsOpened) {
  World world;
  const Reply reply = world.message({.text = "/reset hello"});
  EXPECT_EQ(world.kinds(), "MessageReceived PrincipalAdded SessionOpened RunQueued RunStarted");
  EXPECT_TRUE(reply.run);
}

TEST(FreshStart, OneThatIsHeldBackByTheRateStartsWhenItsTimeHasCome) {
  ConfigSpec config;
  config.per_minute = 60;
  config.burst = 1;
  World world(config);
  world.message({.text = "hello"});
  const Reply reply = world.message({.text = "/new later"});
  EXPECT_EQ(world.kinds(), "MessageReceived SessionReset RunAborted RunQueued");
  EXPECT_EQ(world.view(reply.session).active_run, RunId{});
  world.advance_ms(1'000);
  world.deadline();
  EXPECT_EQ(world.view(reply.session).active_run, reply.run);
}

}  // namespace
}  // namespace spine::core
