// Policy: bindings by level, reset triggers, what holds without a configuration.
#include "engine/core/model/policy.h"

#include <gtest/gtest.h>

#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

Policy applied(const ConfigSpec& spec) {
  Policy policy;
  const Body body = config_body(spec);
  policy.apply({reinterpret_cast<const std::byte*>(body.data()), body.size() * 8});
  return policy;
}

TEST(Policy, TheMostSpecificLevelWinsAndThereTheFirst) {
  ConfigSpec spec;
  spec.bindings = {
      {.agent = "by-channel", .channel = "telegram"},
      {.agent = "by-account", .channel = "telegram", .account = "bot"},
      {.agent = "any-group",
       .channel = "telegram",
       .has_peer = true,
       .peer_kind = fb::ConversationKind::group,
       .peer = "*"},
      {.agent = "by-peer", .channel = "Telegram", .has_peer = true, .peer = "Alice"},
      {.agent = "later",
       .channel = "telegram",
       .account = "bot",
       .has_peer = true,
       .peer = "alice"},
      {.agent = "second", .channel = "telegram"},
  };
  const Policy policy = applied(spec);
  Origin origin{.channel = "telegram", .account = "bot", .peer = "alice", .sender = "alice"};
  EXPECT_EQ(policy.agent_for(origin), "by-peer");
  origin.peer = "bob";
  EXPECT_EQ(policy.agent_for(origin), "by-account");
  origin.account = "other";
  EXPECT_EQ(policy.agent_for(origin), "by-channel");
  origin.conversation = fb::ConversationKind::group;
  EXPECT_EQ(policy.agent_for(origin), "any-group");
  origin.channel = "discord";
  EXPECT_EQ(policy.agent_for(origin), "main");
}

TEST(Policy, WithoutConfigurationThereIsOneAgentAndTheDefaultRate) {
  const Policy policy;
  EXPECT_TRUE(policy.body().empty());
  EXPECT_EQ(policy.default_agent, "main");
  EXPECT_TRUE(policy.agent_known("main"));
  EXPECT_TRUE(policy.agent_known("none"));
  EXPECT_FALSE(policy.agent_known("work"));
  EXPECT_EQ(policy.message_rate.interval_us, 1'000'000U);
  EXPECT_EQ(policy.dm_scope, fb::DmScope::per_channel_peer);
  std::string_view rest;
  EXPECT_FALSE(policy.is_reset_trigger("/new", rest));
}

TEST(Policy, TriggersCountWithoutCaseAndSpacesAround) {
  const Policy policy = applied(ConfigSpec{});
  std::string_view rest;
  EXPECT_TRUE(policy.is_reset_trigger("  /NEW\n", rest));
  EXPECT_EQ(rest, "");
  EXPECT_TRUE(policy.is_reset_trigger("/new \t one /new two\n", rest));
  EXPECT_EQ(rest, "one /new two");
  EXPECT_FALSE(policy.is_reset_trigger("/newer", rest));
  EXPECT_FALSE(policy.is_reset_trigger("please /new", rest));
  EXPECT_FALSE(policy.is_reset_trigger("", rest));
}

TEST(Policy, OfTwoTriggersThatBeginAlikeTheLongerOneIsMeant) {
  ConfigSpec config;
  config.triggers = {"/new", "/new session"};
  const Policy policy = applied(config);
  std::string_view rest;
  EXPECT_TRUE(policy.is_reset_trigger("/new session", rest));
  EXPECT_EQ(rest, "");
  EXPECT_TRUE(policy.is_reset_trigger("/new sessions", rest));
  EXPECT_EQ(rest, "sessions");
}

TEST(Policy, GroupsMayHaveAListOfTheirOwn) {
  ConfigSpec config;
  config.channels = {{.name = "t",
                      .dm = fb::DmPolicy::allowlist,
                      .allow_from = {"ann"},
                      .group_allow_from = {"bob"},
                      .group = fb::DmPolicy::allowlist}};
  const Policy policy = applied(config);
  const auto refusal = [&policy](fb::ConversationKind kind, std::string_view sender) {
    return policy.refusal({.channel = "t", .conversation = kind, .peer = sender, .sender = sender});
  };
  EXPECT_EQ(refusal(fb::ConversationKind::direct, "ann"), fb::RejectReason::none);
  EXPECT_EQ(refusal(fb::ConversationKind::direct, "bob"), fb::RejectReason::not_allowed);
  EXPECT_EQ(refusal(fb::ConversationKind::group, "bob"), fb::RejectReason::none);
  EXPECT_EQ(refusal(fb::ConversationKind::group, "ann"), fb::RejectReason::not_allowed);
}

}  // namespace
}  // namespace spine::core
