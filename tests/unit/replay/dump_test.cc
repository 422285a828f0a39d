// Tests of replay/dump.h: what people and programs read.
#include "replay/dump.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

std::vector<nlohmann::json> lines_of(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST(JournalDump, ShowsEveryEventWithItsCausePrincipalAndSession) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"journal", "dump"}, dir.path());
  ASSERT_EQ(output.code, kExitOk) << output.err;
  EXPECT_NE(output.out.find("JournalCreated"), std::string::npos);
  EXPECT_NE(output.out.find("text: \"hello\""), std::string::npos) << output.out;
  EXPECT_NE(output.out.find("session agent:main:telegram:direct:alice"), std::string::npos);
  EXPECT_NE(output.out.find("by sender \"alice\""), std::string::npos);
  EXPECT_NE(output.out.find("because of #"), std::string::npos);
}

TEST(JournalDump, NeutralisesControlCharactersOfOthers) {
  const TempDir dir;
  tell_story(dir.path());
  for (const char* json : {"", "--json"}) {
    std::vector<std::string> words{"journal", "dump"};
    if (*json != '\0') words.emplace_back(json);
    const Output output = call(words, dir.path());
    EXPECT_EQ(output.out.find('\x1b'), std::string::npos);
    EXPECT_NE(output.out.find("line one\\nline two"), std::string::npos) << output.out;
  }
}

TEST(JournalDump, JsonHasOneObjectPerEventWithDenseSeqs) {
  const TempDir dir;
  tell_story(dir.path());
  const auto lines = lines_of(call({"journal", "dump", "--json"}, dir.path()).out);
  ASSERT_GT(lines.size(), 7U);
  std::uint64_t seq = 0;
  for (const auto& line : lines) {
    EXPECT_EQ(line.at("seq"), ++seq);
    EXPECT_LE(line.at("cause"), seq);
    EXPECT_TRUE(line.at("body").is_object());
    EXPECT_TRUE(line.at("input").get<bool>() || line.at("cause") < seq);
  }
  EXPECT_EQ(lines[0].at("body").at("version"), "1.2.3");
  EXPECT_EQ(lines[0].at("body").at("epoch"), "00000000000000070000000000000009");
}

TEST(JournalDump, FiltersByKindSessionRangeAndLimit) {
  const TempDir dir;
  tell_story(dir.path());
  const auto count = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"journal", "dump", "--json"});
    return lines_of(call(words, dir.path()).out).size();
  };
  EXPECT_EQ(count({"--kind", "MessageReceived"}), 4U);
  EXPECT_EQ(count({"--kind", "MessageReceived", "--kind", "SessionOpened"}), 6U);
  EXPECT_EQ(count({"--kind", "MessageReceived", "--session", "agent:main:telegram:direct:alice"}),
            2U);
  EXPECT_EQ(count({"--from", "2", "--to", "4"}), 3U);
  EXPECT_EQ(count({"--limit", "5"}), 5U);
  EXPECT_EQ(count({"--from", "100000"}), 0U);
}

TEST(JournalDump, AnUnknownKindIsAUsageErrorThatListsTheKinds) {
  const TempDir dir;
  tell_story(dir.path());
  const Output output = call({"journal", "dump", "--kind", "Nonsense"}, dir.path());
  EXPECT_EQ(output.code, kExitUsage);
  EXPECT_NE(output.err.find("SessionOpened"), std::string::npos);
}

TEST(CommandLine, HelpHasExamplesAndWrongWordsAreUsageErrors) {
  const TempDir dir;
  EXPECT_NE(call({"journal", "dump", "--help"}, dir.path()).out.find("Examples:"),
            std::string::npos);
  EXPECT_EQ(call({"journal", "explode"}, dir.path()).code, kExitUsage);
  EXPECT_EQ(call({"journal"}, dir.path()).code, kExitUsage);
}

}  // namespace
}  // namespace spine::replay
