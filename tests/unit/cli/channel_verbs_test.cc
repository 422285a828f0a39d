// The verbs about channels, and about what could not be delivered.
#include <algorithm>
#include <gtest/gtest.h>

#include "tests/unit/cli/line.h"

namespace spine::cli {
namespace {

using test::Line;

TEST(DlqVerbs, TakeIdsOrAll) {
  EXPECT_EQ(Line({"dlq", "list", "--channel", "telegram", "--limit", "5"}).value("--limit"), "5");
  EXPECT_EQ(Line({"dlq", "show", "12"}).value("id"), "12");
  EXPECT_EQ(Line({"dlq", "show"}).parsed.exit_code, kExitUsage);
  for (const char* verb : {"retry", "discard"}) {
    const Line some({"dlq", verb, "12", "13"});
    ASSERT_FALSE(some.done()) << some.parsed.text;
    EXPECT_TRUE(some.has("id"));
    EXPECT_FALSE(Line({"dlq", verb, "--all", "--channel", "telegram"}).done());
    EXPECT_EQ(Line({"dlq", verb}).parsed.exit_code, kExitUsage) << "nothing is meant";
    EXPECT_EQ(Line({"dlq", verb, "12", "--all"}).parsed.exit_code, kExitUsage);
    EXPECT_EQ(Line({"dlq", verb, "12", "--channel", "telegram"}).parsed.exit_code, kExitUsage);
  }
}

TEST(ChannelVerbs, AreAmongWhatCompletionsKnow) {
  EXPECT_EQ(Line({"channels", "status", "telegram"}).value("channel"), "telegram");
  const std::vector<VerbHelp> all = CommandLine().verbs();
  EXPECT_EQ(Line({"channels", "stop", "telegram", "--account", "work"}).value("--account"), "work");
  EXPECT_EQ(Line({"message", "send", "-m", "hi"}).parsed.exit_code, kExitUsage) << "to whom?";
  EXPECT_EQ(Line({"message", "send", "-t", "7", "-m", "hi"}).value("--target"), "7");
  EXPECT_EQ(Line({"send", "--to", "7", "hi"}).parsed.exit_code, kExitUsage) << "needs --deliver";
  for (const char* path :
       {"channels status", "channels start", "channels stop", "channels logout", "message send",
        "message read", "dlq list", "dlq show", "dlq retry", "dlq discard"}) {
    EXPECT_NE(std::ranges::find(all, path, &VerbHelp::path), all.end()) << path;
  }
}

}  // namespace
}  // namespace spine::cli
