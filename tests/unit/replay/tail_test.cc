// Tests of journal tail without following: what it begins with, and its cursors.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "schemas/vocab/cursor.h"
#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

Output tail(const TempDir& dir, std::vector<std::string> words) {
  words.insert(words.begin(), {"journal", "tail", "--no-follow"});
  return call(words, dir.path());
}

std::vector<nlohmann::json> tail_json(const TempDir& dir, std::vector<std::string> words) {
  words.emplace_back("--json");
  const Output output = tail(dir, words);
  EXPECT_EQ(output.code, kExitOk) << output.err;
  EXPECT_EQ(output.err, "");
  std::vector<nlohmann::json> lines;
  std::istringstream in(output.out);
  for (std::string line; std::getline(in, line);)
    lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::vector<std::uint64_t> seqs(const std::vector<nlohmann::json>& lines) {
  std::vector<std::uint64_t> seqs;
  for (const auto& line : lines)
    seqs.push_back(line.at("seq"));
  return seqs;
}

TEST(JournalTail, BeginsWithTheLastOnesThatAreWanted) {
  const TempDir dir;
  tell_story(dir.path());
  const auto all = tail_json(dir, {"--from", "1"});
  const std::uint64_t last = all.back().at("seq");
  ASSERT_GT(last, 10U);
  EXPECT_EQ(all.size(), last);
  EXPECT_EQ(tail_json(dir, {}).size(), 10U);
  EXPECT_EQ(seqs(tail_json(dir, {"--last", "2"})), (std::vector<std::uint64_t>{last - 1, last}));
  const auto messages = tail_json(dir, {"--last", "2", "--kind", "MessageReceived"});
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].at("body").at("text"), "again");
  EXPECT_EQ(messages[1].at("body").at("text"), "last");
  EXPECT_TRUE(tail_json(dir, {"--last", "0"}).empty());
  EXPECT_TRUE(tail_json(dir, {"--new"}).empty());
  EXPECT_EQ(seqs(tail_json(dir, {"--from", "3", "--to", "5"})),
            (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(seqs(tail_json(dir, {"--from", "3", "--limit", "2"})),
            (std::vector<std::uint64_t>{3, 4}));
}

TEST(JournalTail, HeadersOnlyLeavesTheWordsOut) {
  const TempDir dir;
  tell_story(dir.path());
  const Output text = tail(dir, {"--headers-only", "--from", "1"});
  EXPECT_NE(text.out.find("MessageReceived"), std::string::npos);
  EXPECT_NE(text.out.find("because of #"), std::string::npos);
  EXPECT_EQ(text.out.find("hello"), std::string::npos) << text.out;
  EXPECT_NE(tail(dir, {"--from", "1"}).out.find("hello"), std::string::npos);
  for (const auto& line : tail_json(dir, {"--headers-only"})) {
    EXPECT_FALSE(line.contains("body"));
    EXPECT_TRUE(line.contains("cursor"));
  }
}

TEST(JournalTail, ACursorGoesOnRightBehindItsEvent) {
  const TempDir dir;
  tell_story(dir.path());
  const auto all = tail_json(dir, {"--from", "1"});
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto rest = tail_json(dir, {"--cursor", all[i].at("cursor")});
    ASSERT_EQ(rest.size(), all.size() - 1 - i);
    for (std::size_t j = 0; j < rest.size(); ++j)
      EXPECT_EQ(rest[j], all[i + 1 + j]);
  }
  std::string push;
  append_cursor(push, {.epoch = {7, 9}, .seq = Seq{3}, .ordinal = 1});
  EXPECT_EQ(seqs(tail_json(dir, {"--cursor", push})).front(), 4U) << "one of a WebSocket's pushes";
}

TEST(JournalTail, CursorsThatDoNotServeGetAnAnswerEach) {
  const TempDir dir;
  tell_story(dir.path());
  const Output malformed = tail(dir, {"--cursor", "yesterday"});
  EXPECT_EQ(malformed.code, kExitUsage);
  EXPECT_NE(malformed.err.find("is no cursor"), std::string::npos) << malformed.err;
  const Output foreign = tail(dir, {"--cursor", cursor_text({7, 10}, Seq{3})});
  EXPECT_EQ(foreign.code, kExitFailure);
  EXPECT_NE(foreign.err.find("of another journal"), std::string::npos) << foreign.err;
  const Output future = tail(dir, {"--cursor", cursor_text({7, 9}, Seq{1'000})});
  EXPECT_EQ(future.code, kExitFailure);
  EXPECT_NE(future.err.find("from the future: it stands at #1000"), std::string::npos)
      << future.err;
}

TEST(JournalTail, OptionsThatContradictEachOtherAreUsageErrors) {
  const TempDir dir;
  tell_story(dir.path());
  EXPECT_EQ(tail(dir, {"--new", "--last", "3"}).code, kExitUsage);
  EXPECT_EQ(tail(dir, {"--from", "1", "--cursor", "x"}).code, kExitUsage);
  EXPECT_EQ(tail(dir, {"--speed", "warp"}).code, kExitUsage);
  EXPECT_EQ(tail(dir, {"--last", "few"}).code, kExitUsage);
}

TEST(JournalTail, RecordedGapsThatAreLeftOutAreNamed) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    journal::Batch batch;
    batch.begin(next(story.last()));
    batch.append({.kind = 0xFFFF, .cause = 2, .correlation = 2, .logical_ms = 3'605'001}, {});
    ASSERT_TRUE(story.journal().ensure_space(batch.bytes(), journal::SpaceClass::intake));
    ASSERT_TRUE(story.journal().commit(batch));
  }
  const Output output = tail(dir, {"--speed", "1000000x", "--headers-only"});
  EXPECT_NE(output.err.find("1 h 0 min without events left out"), std::string::npos) << output.err;
  EXPECT_NE(output.out.find("kind 65535"), std::string::npos)
      << "a later version's: " << output.out;
}

TEST(JournalTail, ADamagedBodyIsNamedAndTheRestIsPrinted) {
  const TempDir dir;
  {
    Story story(dir.path());
    story.created();
    journal::Batch batch;
    batch.begin(next(story.last()));
    const RecordHeader header{.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived),
                              .cause = 2,
                              .correlation = 2};
    batch.append(header, as_bytes("no FlatBuffer of a message"));
    ASSERT_TRUE(story.journal().ensure_space(batch.bytes(), journal::SpaceClass::intake));
    ASSERT_TRUE(story.journal().commit(batch));
  }
  const Output output = tail(dir, {"--json"});
  EXPECT_EQ(output.code, kExitFailure);
  EXPECT_NE(output.err.find("event 2 is not a valid"), std::string::npos) << output.err;
  EXPECT_NE(output.err.find("Note: the lines have no cursors."), std::string::npos) << output.err;
  EXPECT_NE(output.out.find("JournalCreated"), std::string::npos);
}

TEST(JournalTail, AFullDiskIsAFailure) {
  const TempDir dir;
  tell_story(dir.path());
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  char* err_text = nullptr;
  std::size_t err_size = 0;
  std::FILE* err = ::open_memstream(&err_text, &err_size);
  EXPECT_EQ(run({"journal", "tail", "--state-dir", dir.path().string()}, full, err), kExitFailure);
  std::fclose(err);
  EXPECT_NE(std::string(err_text, err_size).find("The output cannot be written"),
            std::string::npos);
  std::free(err_text);
  std::fclose(full);
}

}  // namespace
}  // namespace spine::replay
