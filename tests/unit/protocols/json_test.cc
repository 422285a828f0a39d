// JsonOut and JsonIn: what is written can be read, and what cannot be read is nothing.
#include <gtest/gtest.h>

#include "adapters/agents/protocols/json_in.h"
#include "adapters/agents/protocols/json_out.h"
#include "schemas/vocab/limits.h"

namespace spine::agents {
namespace {

TEST(JsonOut, WritesWhatAParserReads) {
  const std::string text = std::string("a\"\\\n\t\x01\x7f/\0b", 11) + "\xC3\xA9 \xE2\x80\xA8";
  JsonOut out;
  out.text("text", text).number("number", 7).flag("flag", true).object("inner").end_object();
  out.array("list").text("", "x").object().flag("y", false).end_object().end_array();
  const std::string line = out.raw("raw", "[1]").line();
  EXPECT_EQ(line.find('\n'), std::string::npos);
  JsonIn in;
  const JsonNode node = in.read_object(line);
  EXPECT_EQ(node.text("text"), text);
  EXPECT_EQ(node.number("number"), 7U);
  EXPECT_TRUE(node.flag("flag"));
  EXPECT_TRUE(node["inner"].is_object());
  EXPECT_EQ(node["list"].json(), R"(["x",{"y":false}])");
  EXPECT_EQ(node["raw"].json(), "[1]");
}

TEST(JsonOut, BytesThatAreNoTextAreReplaced) {
  JsonOut out;
  EXPECT_EQ(out.text("t", "a\xff\xc3z\xed\xa0\x80").line(),
            "{\"t\":\"a\xEF\xBF\xBD\xEF\xBF\xBDz\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}");
}

TEST(JsonIn, WhatIsNoObjectIsNothing) {
  JsonIn in;
  for (const std::string_view line :
       {"", " ", "x", "[]", "7", "\"{}\"", "{", "{}{}", "{\"a\":1,}", "{\"a\":\"\xff\"}"}) {
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
  EXPECT_EQ(read("\\ud83"), "");
}

}  // namespace
}  // namespace spine::agents
