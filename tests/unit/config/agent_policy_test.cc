// build_policy: how agents are dealt with gets into the journal, and nothing when it is as without.
#include <cstring>
#include <gtest/gtest.h>
#include <string>

#include "engine/config/config.h"

namespace spine::config {
namespace {

std::string policy_bytes(const Config& config) {
  flatbuffers::FlatBufferBuilder builder;
  build_policy(config, builder);
  return {reinterpret_cast<const char*>(builder.GetBufferPointer()), builder.GetSize()};
}

Config one_agent() {
  Config config;
  config.agents = {AgentConfig{.id = "main"}};
  return config;
}

TEST(AgentPolicy, IsAbsentWhereNothingDiffersFromTheDefaults) {
  Config config = one_agent();
  const std::string before = policy_bytes(config);
  // What the journal's rules do not depend on.
  config.agents[0].name = "Main";
  config.agents[0].process.back_off_ms = 7;
  EXPECT_EQ(policy_bytes(config), before);
  const auto& policy = *flatbuffers::GetRoot<fb::ConfigApplied>(before.data());
  EXPECT_EQ(policy.agent_policies(), nullptr);
  EXPECT_EQ(policy.queue_mode(), fb::QueueMode::unset);
}

TEST(AgentPolicy, CarriesEverythingThatIsDecidedByIt) {
  Config config = one_agent();
  config.agents.push_back(AgentConfig{.id = "work",
                                      .on_crash = fb::OnCrash::leave,
                                      .attempts_max = 7,
                                      .approval_ms = 1'000,
                                      .allow = {"read"},
                                      .deny = {"bash", "rm*"},
                                      .untrusted_allow = {"search"},
                                      .queue_mode = fb::QueueMode::collect});
  config.queue_mode = fb::QueueMode::steer;
  config.channels = {ChannelConfig{.name = "irc", .queue_mode = fb::QueueMode::interrupt}};
  const std::string bytes = policy_bytes(config);
  const auto& policy = *flatbuffers::GetRoot<fb::ConfigApplied>(bytes.data());
  ASSERT_NE(policy.agent_policies(), nullptr);
  ASSERT_EQ(policy.agent_policies()->size(), 1U) << "of those that differ only";
  const fb::AgentPolicy& work = *policy.agent_policies()->Get(0);
  EXPECT_EQ(work.agent_id()->str(), "work");
  EXPECT_EQ(work.on_crash(), fb::OnCrash::leave);
  EXPECT_EQ(work.attempts_max(), 7);
  EXPECT_EQ(work.approval_ms(), 1'000U);
  EXPECT_EQ(work.allow()->Get(0)->str(), "read");
  EXPECT_EQ(work.deny()->Get(1)->str(), "rm*");
  EXPECT_EQ(work.untrusted_allow()->Get(0)->str(), "search");
  EXPECT_EQ(work.queue_mode(), fb::QueueMode::collect);
  EXPECT_EQ(policy.queue_mode(), fb::QueueMode::steer);
  EXPECT_EQ(policy.channels()->Get(0)->queue_mode(), fb::QueueMode::interrupt);
}

}  // namespace
}  // namespace spine::config
