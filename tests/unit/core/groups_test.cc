// Groups: which ones are listened to, who may speak in them, and which words start a run.
#include <gtest/gtest.h>

#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

MessageSpec said(const std::string& group, const std::string& text = "hello",
                 fb::Mention mention = fb::Mention::unknown) {
  return {.sender = "ann",
          .conversation = fb::ConversationKind::group,
          .conversation_id = group,
          .text = text,
          .mention = mention};
}

ConfigSpec with(ChannelSpec channel) {
  channel.name = "telegram";
  ConfigSpec config;
  config.channels = {std::move(channel)};
  return config;
}

fb::RejectReason reason(World& world, const MessageSpec& message) {
  return world.message(message).reason;
}

TEST(Groups, OnlyThoseThatAreListedAreListenedTo) {
  World world(with({.groups = {{.id = "g1"}, {.id = "g2", .disabled = true}}}));
  EXPECT_EQ(reason(world, said("g1")), fb::RejectReason::none);
  EXPECT_EQ(reason(world, said("g2")), fb::RejectReason::group_not_listed);
  EXPECT_EQ(reason(world, said("g3")), fb::RejectReason::group_not_listed);
  EXPECT_EQ(reason(world, {.sender = "ann"}), fb::RejectReason::none) << "nobody's direct message";
}

TEST(Groups, TheStarIsEveryOtherOne) {
  World world(with({.groups = {{.id = "*"}, {.id = "g2", .disabled = true}}}));
  EXPECT_EQ(reason(world, said("g1")), fb::RejectReason::none);
  EXPECT_EQ(reason(world, said("g2")), fb::RejectReason::group_not_listed);
}

TEST(Groups, AListWithoutGroupsLetsNoneIn) {
  World world(with({.lists_groups = true}));
  EXPECT_EQ(reason(world, said("g1")), fb::RejectReason::group_not_listed);
}

TEST(Groups, WhatAGroupSaysOfItselfCountsBeforeWhatItsChannelSays) {
  World world(with({.allow_from = {"bob"},
                    .group = fb::DmPolicy::allowlist,
                    .groups = {{.id = "open", .policy = fb::DmPolicy::open},
                               {.id = "own", .allow_from = {"ann"}},
                               {.id = "shut", .policy = fb::DmPolicy::disabled},
                               {.id = "as-the-channel"}}}));
  EXPECT_EQ(reason(world, said("open")), fb::RejectReason::none);
  EXPECT_EQ(reason(world, said("own")), fb::RejectReason::none);
  EXPECT_EQ(reason(world, said("shut")), fb::RejectReason::disabled);
  EXPECT_EQ(reason(world, said("as-the-channel")), fb::RejectReason::not_allowed);
}

TEST(Groups, AreComparedByteByByteOnceIdsAreExact) {
  ConfigSpec config = with({.groups = {{.id = "G1"}}});
  World folded(config);
  EXPECT_EQ(reason(folded, said("g1")), fb::RejectReason::none);
  config.exact_ids = true;
  World exact(config);
  MessageSpec message = said("g1");
  EXPECT_EQ(reason(exact, message), fb::RejectReason::none) << "a message of the past";
  message.exact_ids = true;
  EXPECT_EQ(reason(exact, message), fb::RejectReason::group_not_listed);
  message.conversation_id = "G1";
  EXPECT_EQ(reason(exact, message), fb::RejectReason::none);
}

TEST(Groups, OfAChannelThatIsNotNamedAreWhatTheStarSays) {
  ConfigSpec config;
  config.channels = {{.name = "*", .dm = fb::DmPolicy::disabled, .group = fb::DmPolicy::allowlist}};
  World world(config);
  EXPECT_EQ(reason(world, said("g1")), fb::RejectReason::not_allowed);
  EXPECT_EQ(reason(world, {.sender = "ann"}), fb::RejectReason::none)
      << "direct messages go by default_dm_policy";
  // As a journal has it from before there was a star.
  World old{ConfigSpec{}};
  EXPECT_EQ(reason(old, said("g1")), fb::RejectReason::none);
}

TEST(Groups, WordsThatAreNotForTheAgentAreKeptAndStartNoRun) {
  World world(with({.groups = {{.id = "*", .require_mention = true}}}));
  world.message(said("g1", "hello", fb::Mention::not_mentioned));
  EXPECT_EQ(world.kinds(), "MessageReceived PrincipalAdded SessionOpened");
  world.message(said("g1", "hello"));
  EXPECT_EQ(world.kinds(), "MessageReceived");
  world.message(said("g1", "hello", fb::Mention::mentioned));
  EXPECT_EQ(world.kinds(), "MessageReceived RunQueued RunStarted");
  world.message({.sender = "ann"});
  EXPECT_NE(world.kinds().find("RunStarted"), std::string::npos) << "a direct message is for it";
}

TEST(Groups, AChannelThatCannotTellLeavesItToTheWords) {
  World world(with({.groups = {{.id = "*", .require_mention = true}}}));
  const auto starts = [&](const std::string& text) {
    world.message(said("g1", text));
    return world.kinds().find("RunQueued") != std::string::npos;
  };
  for (const char* text : {"@main what now", "so, @MAIN?", " /help", "(@main)"})
    EXPECT_TRUE(starts(text)) << text;
  for (const char* text : {"main", "@mainly", "me@main.example", "/ 2", "and/or", "@ main", ""})
    EXPECT_FALSE(starts(text)) << text;
}

TEST(Groups, AResetThatIsNotForTheAgentResetsNothing) {
  World world(with({.groups = {{.id = "*", .require_mention = true}}}));
  world.message(said("g1", "hello", fb::Mention::mentioned));
  world.finish(world.active("agent:main:telegram:group:g1"));
  world.message(said("g1", "/new", fb::Mention::not_mentioned));
  EXPECT_EQ(world.kinds(), "MessageReceived");
}

}  // namespace
}  // namespace spine::core
