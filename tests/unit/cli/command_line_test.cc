// Tests of adapters/cli/command_line.h: every verb, options on either side, help with examples.
#include "adapters/cli/command_line.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "tests/unit/cli/line.h"

namespace spine::cli {
namespace {

using test::Line;

TEST(CommandLine, CommonOptionsStandBeforeAndAfterTheVerb) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--port", "18790", "--json", "health"},
        std::vector<std::string>{"health", "--port", "18790", "--json"},
        std::vector<std::string>{"--json", "health", "--port=18790"}}) {
    const Line parsed(words);
    ASSERT_FALSE(parsed.done()) << parsed.parsed.text;
    EXPECT_EQ(parsed.parsed.path, "health");
    EXPECT_EQ(parsed.line.common().port, 18790);
    EXPECT_TRUE(parsed.line.common().json);
  }
}

TEST(CommandLine, InnerVerbsTakeCommonOptionsToo) {
  const Line parsed({"sessions", "show", "agent:main:main", "--state-dir", "/x", "--token-file",
                     "/t", "--config", "/c"});
  ASSERT_FALSE(parsed.done()) << parsed.parsed.text;
  EXPECT_EQ(parsed.parsed.path, "sessions show");
  EXPECT_EQ(parsed.value("key"), "agent:main:main");
  EXPECT_EQ(parsed.line.common().state_dir, "/x");
  EXPECT_EQ(parsed.line.common().token_file, "/t");
  EXPECT_EQ(parsed.line.common().config, "/c");
}

TEST(CommandLine, AMessageThatIsTheNameOfAVerbIsAMessage) {
  for (const char* word : {"stop", "status", "sessions", "journal"}) {
    const Line parsed({"send", word});
    ASSERT_FALSE(parsed.done()) << parsed.parsed.text;
    EXPECT_EQ(parsed.parsed.path, "send");
    EXPECT_EQ(parsed.parsed.verb->get_option("message")->results(), std::vector<std::string>{word});
  }
}

TEST(CommandLine, AMessageMayHaveManyWordsAndStartWithADash) {
  const Line words({"send", "how", "are", "you", "--agent", "main"});
  ASSERT_FALSE(words.done()) << words.parsed.text;
  EXPECT_EQ(words.parsed.verb->get_option("message")->results(),
            (std::vector<std::string>{"how", "are", "you"}));
  EXPECT_EQ(words.value("--agent"), "main");
  const Line dash({"send", "--", "-5 degrees"});
  ASSERT_FALSE(dash.done()) << dash.parsed.text;
  EXPECT_EQ(dash.parsed.verb->get_option("message")->results(),
            std::vector<std::string>{"-5 degrees"});
}

TEST(CommandLine, WrongUseIsExitCodeTwo) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, std::vector<std::string>{"fly"},
        std::vector<std::string>{"send"}, std::vector<std::string>{"run", "--port", "99999"},
        std::vector<std::string>{"sessions"}, std::vector<std::string>{"health", "--nope"},
        std::vector<std::string>{"completion", "csh"}}) {
    const Line parsed(words);
    EXPECT_TRUE(parsed.done());
    EXPECT_EQ(parsed.parsed.exit_code, kExitUsage);
    EXPECT_FALSE(parsed.parsed.text.empty());
  }
}

TEST(CommandLine, HelpOfEveryVerbHasAnExample) {
  for (const VerbHelp& verb : CommandLine().verbs()) {
    if (verb.path.empty() || verb.path == "sessions" || verb.path == "config" ||
        verb.path.starts_with("journal") || verb.path.starts_with("replay")) {
      continue;
    }
    std::vector<std::string> words;
    const std::size_t space = verb.path.find(' ');
    words.push_back(verb.path.substr(0, space));
    if (space != std::string::npos) words.push_back(verb.path.substr(space + 1));
    words.emplace_back("--help");
    const Line parsed(words);
    EXPECT_TRUE(parsed.done());
    EXPECT_EQ(parsed.parsed.exit_code, kExitOk);
    EXPECT_NE(parsed.parsed.text.find("spine " + verb.path), std::string::npos)
        << parsed.parsed.text;
  }
}

TEST(CommandLine, VersionMayFollowAVerb) {
  EXPECT_TRUE(Line({"--version"}).parsed.text.starts_with("spine "));
  EXPECT_TRUE(Line({"health", "--version"}).parsed.text.starts_with("spine "));
}

TEST(CommandLine, JournalAndReplayGoToTheSiblingWithoutCommonOptions) {
  Common common;
  const auto words = replay_words({"--state-dir", "/x", "journal", "dump", "--port=7", "--kind",
                                   "RunQueued", "--json", "--token", "t"},
                                  common);
  EXPECT_EQ(words, (std::vector<std::string>{"journal", "dump", "--kind", "RunQueued"}));
  EXPECT_EQ(common.state_dir, "/x");
  EXPECT_EQ(common.port, 7);
  EXPECT_EQ(common.token, "t");
  EXPECT_TRUE(common.json);
  EXPECT_TRUE(replay_words({"send", "journal"}, common).empty());
  EXPECT_TRUE(replay_words({"--json", "status"}, common).empty());
}

TEST(CommandLine, VerbsForCompletionsIncludeInnerOnesWithTheirOptions) {
  const std::vector<VerbHelp> all = CommandLine().verbs();
  const auto list = std::find_if(all.begin(), all.end(),
                                 [](const VerbHelp& v) { return v.path == "sessions list"; });
  ASSERT_NE(list, all.end());
  EXPECT_NE(std::find(list->options.begin(), list->options.end(), "--limit"), list->options.end());
  EXPECT_NE(std::find(all[0].options.begin(), all[0].options.end(), "--state-dir"),
            all[0].options.end());
  const auto run =
      std::find_if(all.begin(), all.end(), [](const VerbHelp& v) { return v.path == "run"; });
  EXPECT_EQ(std::find(run->options.begin(), run->options.end(), "--background"),
            run->options.end());
}

}  // namespace
}  // namespace spine::cli
