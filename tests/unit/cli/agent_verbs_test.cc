// The verbs about agents and what they ask.
#include <algorithm>
#include <gtest/gtest.h>

#include "adapters/cli/command_line.h"

namespace spine::cli {
namespace {

TEST(AgentVerbs, TakeTheAgentAndTheOptionsOfLogs) {
  EXPECT_EQ(parse({"agents", "status"}).arguments.verb, Verb::agents_status);
  EXPECT_EQ(parse({"agents", "status", "pi", "--json"}).arguments.agents.id, "pi");
  const Parsed logs = parse({"agents", "logs", "pi", "-n", "7", "-f"});
  ASSERT_FALSE(logs.done) << logs.text;
  EXPECT_EQ(logs.arguments.verb, Verb::agents_logs);
  EXPECT_EQ(logs.arguments.agents.id, "pi");
  EXPECT_EQ(logs.arguments.logs.lines, 7U);
  EXPECT_TRUE(logs.arguments.logs.follow);
  EXPECT_EQ(parse({"agents", "restart", "pi"}).arguments.verb, Verb::agents_restart);
  EXPECT_EQ(parse({"agents", "reset", "pi"}).arguments.verb, Verb::agents_reset);
  for (const char* verb : {"logs", "restart", "reset"})
    EXPECT_EQ(parse({"agents", verb}).exit_code, kExitUsage) << verb;
}

TEST(ApprovalVerbs, NameOneAndMayAllowItForEver) {
  EXPECT_EQ(parse({"approvals", "list"}).arguments.verb, Verb::approvals_list);
  const Parsed approve = parse({"approvals", "approve", "K7QX2MNP", "--always"});
  ASSERT_FALSE(approve.done) << approve.text;
  EXPECT_EQ(approve.arguments.verb, Verb::approvals_approve);
  EXPECT_EQ(approve.arguments.approval.which, "K7QX2MNP");
  EXPECT_TRUE(approve.arguments.approval.always);
  EXPECT_FALSE(parse({"approvals", "approve", "x"}).arguments.approval.always);
  EXPECT_EQ(parse({"approvals", "deny", "x"}).arguments.verb, Verb::approvals_deny);
  EXPECT_EQ(parse({"approvals", "deny", "x", "--always"}).exit_code, kExitUsage);
  EXPECT_EQ(parse({"approvals", "approve"}).exit_code, kExitUsage);
}

TEST(AgentVerbs, AreAmongWhatCompletionsKnow) {
  const std::vector<VerbHelp> all = verbs();
  for (const char* path : {"agents status", "agents logs", "agents restart", "agents reset",
                           "approvals list", "approvals approve", "approvals deny"}) {
    EXPECT_NE(std::ranges::find(all, path, &VerbHelp::path), all.end()) << path;
  }
}

}  // namespace
}  // namespace spine::cli
