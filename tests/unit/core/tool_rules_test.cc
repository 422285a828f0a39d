// Lists of tools: which entry speaks of a tool, what takes an entry back, and what follows for
// questions of agents.
#include <gtest/gtest.h>
#include <optional>
#include <utility>

#include "engine/core/model/policy.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

struct Answered {
  std::optional<fb::ApprovalDecision> decision{};  // nothing = it is put to people
  std::string rule{};
};
constexpr std::nullopt_t kAsked = std::nullopt;

// What a rule says to the agent's question.
class ToolRules : public ::testing::Test {
 protected:
  static Answered ask(World& world, const std::string& tool, bool trusted = true) {
    MessageSpec message{.sender = "ann"};
    message.untrusted = !trusted;
    const Reply reply = world.message(message);
    world.ask(reply.run, tool);
    const std::string kinds = world.kinds();
    Answered out;
    if (kinds.find("ApprovalResolved") != std::string::npos) {
      const auto& body = *flatbuffers::GetRoot<fb::ApprovalResolved>(world.last().body.data());
      out = {.decision = body.decision(), .rule = body.rule()->str()};
    }
    world.finish(reply.run);
    return out;
  }

  static ConfigSpec config(AgentPolicySpec policy) {
    ConfigSpec config;
    config.policies = {std::move(policy)};
    return config;
  }
};

TEST_F(ToolRules, TheFirstEntryThatFitsSpeaks) {
  const std::vector<std::string> list{"rm*", "!read", "!!bash", "*"};
  EXPECT_TRUE(match_tool(list, "rmdir").holds());
  EXPECT_TRUE(match_tool(list, "write").holds());
  EXPECT_FALSE(match_tool(list, "READ").holds());
  EXPECT_EQ(match_tool(list, "read").marks, 1);
  EXPECT_EQ(match_tool(list, "bash").marks, 2);
  EXPECT_EQ(match_tool({"!read"}, "write").entry, nullptr);
  EXPECT_FALSE(match_tool({}, "write").holds());
}

TEST_F(ToolRules, WhatIsTakenBackIsNotDenied) {
  World world(config({.allow = {"*"}, .deny = {"!read", "*"}}));
  EXPECT_EQ(ask(world, "read").decision, fb::ApprovalDecision::allow_once);
  EXPECT_EQ(ask(world, "execute").decision, fb::ApprovalDecision::deny);
  EXPECT_EQ(ask(world, "execute").rule, "tools.deny: *");
}

TEST_F(ToolRules, WhatIsAskedAboutIsAskedWhateverElseIsAllowed) {
  World world(config({.allow = {"!execute", "*"}, .untrusted_allow = {"execute", "read"}}));
  EXPECT_EQ(ask(world, "read").decision, fb::ApprovalDecision::allow_once);
  EXPECT_EQ(ask(world, "execute").decision, kAsked);
  EXPECT_EQ(ask(world, "read", false).decision, fb::ApprovalDecision::allow_once);
  EXPECT_EQ(ask(world, "execute", false).decision, kAsked);
  EXPECT_EQ(ask(world, "edit", false).decision, fb::ApprovalDecision::deny);
}

TEST_F(ToolRules, AnAnswerForAlwaysHoldsUnlessItIsAlwaysAsked) {
  for (const auto& [mark, remembered] : {std::pair{"!", true}, std::pair{"!!", false}}) {
    World world(config({.allow = {std::string{mark} + "execute"}}));
    const Reply reply = world.message({.sender = "ann"});
    const Reply question = world.ask(reply.run, "execute");
    world.answer(question.seq, fb::ApprovalDecision::allow_always);
    world.ask(reply.run, "execute", 2);
    const bool ruled = world.kinds().find("ApprovalResolved") != std::string::npos;
    EXPECT_EQ(ruled, remembered) << mark;
  }
}

}  // namespace
}  // namespace spine::core
