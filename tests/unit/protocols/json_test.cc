// JsonIn: what is no JSON is nothing.
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include "adapters/agents/protocols/json_in.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

TEST(JsonIn, WhatIsNoObjectIsNothing) {
  JsonIn in;
  for (const std::string_view line :
       {"", " ", "x", "[]", "7", "\"{}\"", "{", "{}{}", "{\"a\":1,}", "{\"a\":\"x\"", "\x1b[0m"}) {
    EXPECT_FALSE(in.read_object(line).there()) << line;
  }
  EXPECT_TRUE(in.read_object(" {} \r").there());
}

TEST(JsonIn, DepthAndValuesAreBounded) {
  JsonIn in;
  const std::string deep(limits::kJsonDepthMax + 1, '[');
  EXPECT_FALSE(in.read_object("{\"a\":" + deep + std::string(deep.size(), ']') + "}").there());
  std::string many = "{\"a\":[0";
  for (std::size_t i = 0; i <= limits::kJsonSeparatorsMax; ++i)
    many += ",0";
  EXPECT_FALSE(in.read_object(many + "]}").there());
  EXPECT_TRUE(in.read_object("{\"a\":\"" + std::string(1 << 20, 'x') + "\"}").there());
  EXPECT_EQ(in.read_object("{\"a\":1}").number("a"), 1U);
}

TEST(JsonIn, LookingIntoWhatIsNotThereGivesNothing) {
  JsonIn in;
  const JsonNode node = in.read_object(R"({"a":1,"b":"t","c":[1],"d":-1,"e":1.5})");
  EXPECT_FALSE(node["x"]["y"]["z"].there());
  EXPECT_FALSE(node["a"]["y"].there());
  EXPECT_EQ(node.text("a"), "");
  EXPECT_EQ(node.number("b"), 0U);
  EXPECT_EQ(node.number("d"), 0U);
  EXPECT_EQ(node.number("e"), 0U);
  EXPECT_FALSE(node.flag("a"));
  EXPECT_EQ(node["x"].json(), "");
  int count = 0;
  node["b"].each([&count](const JsonNode&) { ++count; });
  node["c"].each([&count](const JsonNode&) { ++count; });
  EXPECT_EQ(count, 1);
}

TEST(JsonIn, HalfSurrogatesAreReplacedWhereverTheyStand) {
  JsonIn in;
  const auto read = [&in](const std::string& inside) {
    return std::string(in.read_object("{\"t\":\"" + inside + "\"}").text("t"));
  };
  EXPECT_EQ(read("\\ud83d\\ude00"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(read("\\ud83d"), "\xEF\xBF\xBD");
  EXPECT_EQ(read("\\ude00x\\uD83D\\ud83d\\ude00"), "\xEF\xBF\xBDx\xEF\xBF\xBD\xF0\x9F\x98\x80");
  EXPECT_EQ(read("\\\\ud83d\\ud83d"), "\\ud83d\xEF\xBF\xBD");
  EXPECT_EQ(read("\\ud83"), "\\ud83");
}

// The objects of a line as JSON, and how it was read.
std::vector<std::string> objects(JsonIn& in, std::string_view line, LineRead& read) {
  std::vector<std::string> found;
  read = in.read(line, [&found](const JsonNode& node) { found.push_back(node.json()); });
  return found;
}

TEST(JsonIn, WhatStandsAroundAnObjectIsLeftOut) {
  const std::string whole = R"({"a":"b"})";
  const std::string lines[] = {
      "\xEF\xBB\xBF" + whole,                  // a byte order mark
      "\x1b[2K\x1b[1G" + whole + "\x1b[0m\r",  // a terminal's
      "\x1b]0;a {title}\a" + whole,
      "\x1b[32m{\x1b[0m\x1b[34m\"a\"\x1b[0m:\"b\"\x1b[32m}\x1b[0m",
      "\xE2\xA0\x8B Working...\r" + whole,  // a spinner that is written over
      "> " + whole + " trailing words",
      std::string("\0", 1) + whole + std::string("\0", 1),
      "[" + whole + "]",
      "warning: {} is old " + whole,
      "data: " + whole,
  };
  for (const std::string& line : lines) {
    JsonIn in;
    LineRead read{};
    EXPECT_EQ(objects(in, line, read), std::vector<std::string>{whole}) << line;
    EXPECT_EQ(read, LineRead::mended) << line;
  }
}

TEST(JsonIn, BytesInTextsAreMended) {
  const std::pair<std::string, std::string> texts[] = {
      {"\xff", "\xEF\xBF\xBD"},
      {"a\xC3z", "a\xEF\xBF\xBDz"},
      {"a\tb\x01\x1b[1m", "a\tb\x01\x1b[1m"},
      {"C:\\xampp", "C:\\xampp"},
      {"it\\'s", "it's"},
  };
  for (const auto& [written, told] : texts) {
    JsonIn in;
    std::string text;
    const LineRead read = in.read("{\"t\":\"" + written + "\"}",
                                  [&text](const JsonNode& node) { text = node.text("t"); });
    EXPECT_EQ(text, told);
    EXPECT_EQ(read, LineRead::mended);
  }
}

TEST(JsonIn, SeveralObjectsInALineAreAllRead) {
  JsonIn in;
  LineRead read{};
  EXPECT_EQ(objects(in, R"({"a":1}{"b":{"c":"}{"}} , {"d":2})", read),
            (std::vector<std::string>{R"({"a":1})", R"({"b":{"c":"}{"}})", R"({"d":2})"}));
  EXPECT_EQ(read, LineRead::mended);
  // What can be read of a line that is cut off, and that something is lost.
  EXPECT_EQ(objects(in, R"({"a":1}{"b":)", read), std::vector<std::string>{R"({"a":1})"});
  EXPECT_EQ(read, LineRead::unreadable);
  EXPECT_EQ(objects(in, R"({"a":nothing}{"b":2})", read), std::vector<std::string>{R"({"b":2})"});
  EXPECT_EQ(read, LineRead::unreadable);
  EXPECT_TRUE(objects(in, " \r", read).empty());
  EXPECT_EQ(read, LineRead::blank);
}

TEST(JsonIn, AnObjectThatALogQuotesIsReadOnce) {
  const std::string whole = R"({"a":"b"})";
  const std::vector<std::string> once{whole};
  JsonIn in;
  LineRead read{};
  EXPECT_EQ(objects(in, "[debug] sent " + whole, read), once);
  EXPECT_TRUE(objects(in, whole, read).empty());
  EXPECT_EQ(objects(in, whole, read), once);  // that is another one
  EXPECT_TRUE(objects(in, "[debug] sent " + whole, read).empty());
  in = JsonIn{};
  // A program that puts words before each line repeats itself where its lines do.
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(objects(in, "out: " + whole, read).size(), 1U) << i;
}

TEST(JsonIn, IdsAreNumbersOrTextsOfThem) {
  JsonIn in;
  const auto our_id = [&in](const std::string& json) {
    std::uint64_t id = 0;
    in.read("{\"id\":" + json + "}", [&id](const JsonNode& node) { id = node["id"].our_id(); });
    return id;
  };
  EXPECT_EQ(our_id("3"), 3U);
  EXPECT_EQ(our_id("\"3\""), 3U);
  EXPECT_EQ(our_id("3.0"), 3U);
  for (const std::string json : {"3.5", "-3", "\"3x\"", "\"\"", "null", "[3]", "1e300"})
    EXPECT_EQ(our_id(json), 0U) << json;
  in.read(R"({"a":"x","b":7,"c":null})", [](const JsonNode& node) {
    EXPECT_EQ(node.their_id("a"), "x");
    EXPECT_EQ(node.their_id("b"), "7");
    EXPECT_EQ(node.their_id("c"), "");
    EXPECT_EQ(node.their_id("d"), "");
  });
}

TEST(JsonIn, ALineThatCannotBeReadStillNamesValues) {
  EXPECT_TRUE(names_value(R"({"id" : 3,"result":{)", "id", "3"));
  EXPECT_TRUE(names_value(R"({"id":"3","result":{)", "id", "3"));
  EXPECT_FALSE(names_value(R"({"id":33,"result":{)", "id", "3"));
  EXPECT_FALSE(names_value(R"({"ids":3,"text":"\"id\":3")", "id", "3"));
}

// Pieces of texts as they are written, and as they are shown.
TEST(JoinedPieces, ACharacterThatWasCutIsPutTogether) {
  const struct {
    std::vector<std::string> written{};
    std::string shown{};
  } cases[] = {
      {{"a\\ud83d", "\\ude00b"},
       "a\xF0\x9F\x98\x80"
       "b"},
      {{"\\uD83D", "\\uDE00"}, "\xF0\x9F\x98\x80"},
      {{"a\xF0\x9F",
        "\x98\x80"
        "b"},
       "a\xF0\x9F\x98\x80"
       "b"},
      {{"\xF0", "\x9F\x98", "\x80"}, "\xF0\x9F\x98\x80"},
      {{"a\xC3", "\xA9"}, "a\xC3\xA9"},
      {{"\\ud83d", "", "\\ude00"}, "\xF0\x9F\x98\x80"},
      // What does not belong together is no character.
      {{"a\\ud83d", "b"},
       "a\xEF\xBF\xBD"
       "b"},
      {{"a\\ud83d"}, "a\xEF\xBF\xBD"},
      {{"a", "\\ude00"}, "a\xEF\xBF\xBD"},
      {{"\\ud83d", "\\ud83d", "\\ude00"}, "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
      {{"\xE2\x82", "\\ude00"}, "\xEF\xBF\xBD\xEF\xBF\xBD"},
      {{"plain", " text"}, "plain text"},
  };
  for (const auto& [written, shown] : cases) {
    JsonIn in;
    JoinedPieces pieces;
    std::string all;
    for (const std::string& text : written) {
      in.read("{\"t\":\"" + text + "\"}",
              [&](const JsonNode& node) { all += pieces.add(node.text("t"), in.split()); });
    }
    all += pieces.rest();
    EXPECT_EQ(all, shown);
  }
}

}  // namespace
}  // namespace spine::agents
