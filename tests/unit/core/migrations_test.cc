// Conversations whose platform gives them another id go on under it.
#include <gtest/gtest.h>

#include "engine/core/model/policy.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

MessageSpec in_group_of(const std::string& id, const std::string& text = "hello") {
  return {.conversation = fb::ConversationKind::group,
          .conversation_id = id,
          .text = text,
          .exact_ids = true,
          .mention = fb::Mention::mentioned};
}

std::string now(const World& world, const std::string& id) {
  ChannelRow channel{};
  channel.name = "telegram";
  channel.account = "bot";
  return std::string(conversation_now(world.state, channel, id));
}

// Case 13.
TEST(Migrations, TheSessionGoesOnUnderTheNewId) {
  World world;
  world.connect("token");
  const Reply first = world.message(in_group_of("-5"));
  MessageSpec topic = in_group_of("-5");
  topic.thread = "9";
  const SessionId of_topic = world.message(topic).session;
  EXPECT_EQ(world.migrated("-5", "-105").code, ReplyCode::accepted);
  EXPECT_EQ(world.session("agent:main:telegram:group:-5"), SessionId{});
  EXPECT_EQ(world.session("agent:main:telegram:group:-105"), first.session);
  EXPECT_EQ(world.view(first.session).display_name, "-105");
  topic.conversation_id = "-105";
  EXPECT_EQ(world.message(topic).session, of_topic);
  EXPECT_EQ(world.message(in_group_of("-105")).session, first.session);
  // What comes late, or is typed as it was, means the same.
  EXPECT_EQ(world.message(in_group_of("-5")).session, first.session);
  EXPECT_EQ(world.chat("agent:main:telegram:group:-5", "hi").session, first.session);
  EXPECT_EQ(world.view(first.session).active_run, first.run) << "work goes on";
}

TEST(Migrations, ARepeatIsNothing) {
  World world;
  EXPECT_EQ(world.migrated("-5", "-105").code, ReplyCode::accepted);
  EXPECT_EQ(world.migrated("-5", "-105").code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.migrated("-5", "-5").code, ReplyCode::nothing_to_do);
  EXPECT_EQ(world.migrated("", "-5").code, ReplyCode::rejected);
  EXPECT_EQ(world.migrated("-5", std::string(300, '9')).code, ReplyCode::rejected);
  EXPECT_EQ(now(world, "-5"), "-105");
  EXPECT_EQ(now(world, "-6"), "-6");
}

TEST(Migrations, LeadToTheIdOfNowAndNeverInARing) {
  World world;
  world.migrated("a", "b");
  world.migrated("b", "c");
  EXPECT_EQ(now(world, "a"), "c");
  EXPECT_EQ(now(world, "b"), "c");
  world.migrated("c", "a");
  EXPECT_EQ(now(world, "a"), "a");
  EXPECT_EQ(now(world, "b"), "a");
  EXPECT_EQ(now(world, "c"), "a");
}

TEST(Migrations, WhatTheConfigurationSaysOfTheOldIdHolds) {
  ConfigSpec config{.exact_ids = true};
  config.channels.push_back({.name = "telegram",
                             .groups = {{.id = "-5", .require_mention = true}},
                             .lists_groups = true});
  config.bindings.push_back({.agent = "work",
                             .channel = "telegram",
                             .has_peer = true,
                             .peer_kind = fb::ConversationKind::group,
                             .peer = "-5"});
  World world(config);
  EXPECT_EQ(world.message(in_group_of("-105")).reason, fb::RejectReason::group_not_listed);
  world.migrated("-5", "-105");
  const Reply reply = world.message(in_group_of("-105"));
  EXPECT_EQ(reply.code, ReplyCode::accepted);
  EXPECT_EQ(world.session("agent:work:telegram:group:-105"), reply.session);
  MessageSpec unaddressed = in_group_of("-105");
  unaddressed.mention = fb::Mention::not_mentioned;
  EXPECT_EQ(world.message(unaddressed).run, RunId{});
}

TEST(Migrations, DeliveriesStayInLine) {
  World world;
  world.channel_state(fb::ChannelState::connected);
  const Reply first = world.message(in_group_of("-5", "one"));
  world.finish(first.run, "answer one");
  world.migrated("-5", "-105");
  const Reply second = world.message(in_group_of("-105", "two"));
  world.finish(second.run, "answer two");
  EXPECT_EQ(world.attempted().size(), 1U) << "one after the other";
}

TEST(Migrations, AreBounded) {
  World world;
  for (std::uint32_t i = 0; i <= limits::kMigrationsMax; ++i)
    world.migrated("a" + std::to_string(i), "b" + std::to_string(i));
  EXPECT_EQ(now(world, "a0"), "a0");
  EXPECT_EQ(now(world, "a1"), "b1");
  EXPECT_EQ(now(world, "a" + std::to_string(limits::kMigrationsMax)),
            "b" + std::to_string(limits::kMigrationsMax));
}

}  // namespace
}  // namespace spine::core
