// Tests of schemas/vocab/json_read.h.
#include "schemas/vocab/json_read.h"

#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"

namespace spine {
namespace {

class JsonRead : public ::testing::Test {
 protected:
  JsonParser::Fault parse(const std::string& text) {
    text_.assign(text);
    return parser_.parse(text_, root_);
  }
  PaddedText text_{};
  JsonParser parser_{};
  simdjson::dom::element root_{};
};

TEST_F(JsonRead, DepthAndValuesAreBounded) {
  using Fault = JsonParser::Fault;
  EXPECT_EQ(parse("{} x"), Fault::not_json);
  EXPECT_EQ(parse("\"\xff\""), Fault::not_json);
  const std::string deep(limits::kJsonDepthMax + 1, '[');
  EXPECT_EQ(parse(deep + std::string(deep.size(), ']')), Fault::not_json);
  std::string many = "[0";
  for (std::size_t i = 0; i <= limits::kJsonSeparatorsMax; ++i)
    many += ",0";
  EXPECT_EQ(parse(many + "]"), Fault::too_many_values);
  EXPECT_EQ(parse("[1]"), Fault::none);
}

TEST_F(JsonRead, MemoryOfALargeTextIsFreedWithTheNext) {
  parse("\"" + std::string(std::size_t{1} << 20U, 'x') + "\"");
  EXPECT_GT(text_.capacity(), std::size_t{1} << 20U);
  parse("{}");
  EXPECT_LT(text_.capacity(), std::size_t{1} << 20U);
}

TEST_F(JsonRead, WhatIsNotThereGivesNothing) {
  ASSERT_EQ(parse(R"({"t":"x","n":-3,"f":true,"a":[1,2],"o":{"p":7}})"), JsonParser::Fault::none);
  const JsonNode node{root_};
  EXPECT_EQ(node["o"].number("p"), 7U);
  EXPECT_EQ(node.number("n"), 0U);
  EXPECT_FALSE(node["a"]["b"]["c"].there());
}

}  // namespace
}  // namespace spine
