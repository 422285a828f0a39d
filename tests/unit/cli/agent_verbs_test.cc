// The verbs about agents and what they ask.
#include <algorithm>
#include <gtest/gtest.h>

#include "tests/unit/cli/line.h"

namespace spine::cli {
namespace {

using test::Line;

TEST(AgentVerbs, TakeTheAgentAndTheOptionsOfLogs) {
  EXPECT_EQ(Line({"agents", "status"}).parsed.path, "agents status");
  EXPECT_EQ(Line({"agents", "status", "pi", "--json"}).value("agent"), "pi");
  const Line logs({"agents", "logs", "pi", "-n", "7", "-f"});
  ASSERT_FALSE(logs.done()) << logs.parsed.text;
  EXPECT_EQ(logs.parsed.path, "agents logs");
  EXPECT_EQ(logs.value("agent"), "pi");
  EXPECT_EQ(logs.value("--lines"), "7");
  EXPECT_TRUE(logs.has("--follow"));
  EXPECT_EQ(Line({"agents", "restart", "pi"}).parsed.path, "agents restart");
  EXPECT_EQ(Line({"agents", "reset", "pi"}).parsed.path, "agents reset");
  for (const char* verb : {"logs", "restart", "reset"})
    EXPECT_EQ(Line({"agents", verb}).parsed.exit_code, kExitUsage) << verb;
}

TEST(AgentVerbs, AViewIsOfOneAgent) {
  EXPECT_TRUE(Line({"agents", "status", "pi", "--view"}).has("--view"));
  EXPECT_EQ(Line({"agents", "status", "--view"}).parsed.exit_code, kExitUsage);
}

TEST(ApprovalVerbs, NameOneAndMayAllowItForEver) {
  EXPECT_EQ(Line({"approvals", "list"}).parsed.path, "approvals list");
  const Line approve({"approvals", "approve", "K7QX2MNP", "--always"});
  ASSERT_FALSE(approve.done()) << approve.parsed.text;
  EXPECT_EQ(approve.parsed.path, "approvals approve");
  EXPECT_EQ(approve.value("which"), "K7QX2MNP");
  EXPECT_TRUE(approve.has("--always"));
  EXPECT_FALSE(Line({"approvals", "approve", "x"}).has("--always"));
  EXPECT_EQ(Line({"approvals", "deny", "x"}).parsed.path, "approvals deny");
  EXPECT_EQ(Line({"approvals", "deny", "x", "--always"}).parsed.exit_code, kExitUsage);
  EXPECT_EQ(Line({"approvals", "approve"}).parsed.exit_code, kExitUsage);
}

TEST(AgentVerbs, AreAmongWhatCompletionsKnow) {
  const std::vector<VerbHelp> all = CommandLine().verbs();
  for (const char* path : {"agents status", "agents logs", "agents restart", "agents reset",
                           "approvals list", "approvals approve", "approvals deny"}) {
    EXPECT_NE(std::ranges::find(all, path, &VerbHelp::path), all.end()) << path;
  }
}

}  // namespace
}  // namespace spine::cli
