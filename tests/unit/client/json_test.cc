// Json: values out of texts, and what stands for those that are not there.
#include "adapters/client/json.h"

#include <gtest/gtest.h>

namespace spine::client {
namespace {

TEST(Json, GivesWhatIsThere) {
  const auto json = Json::parse(R"({"a":{"b":"text","n":-7,"f":true},"list":["x",{"y":1}]})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->at("a").text("b"), "text");
  EXPECT_EQ(json->at("a").number("n"), -7);
  EXPECT_TRUE(json->at("a").flag("f"));
  const std::vector<Json> list = json->array("list");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].text(), "x");
  EXPECT_EQ(list[1].number("y"), 1);
  EXPECT_EQ(json->at("list").items().size(), 2U);
  EXPECT_EQ(json->first("list").text(), "x");
  EXPECT_TRUE(json->first("a").absent());
  EXPECT_EQ(json->at("a").dump(), R"({"b":"text","n":-7,"f":true})");
}

TEST(Json, WhatIsNotThereOrOfAnotherTypeIsTheDefault) {
  const auto json = Json::parse(R"({"text":"t","null":null,"list":[1]})");
  ASSERT_TRUE(json);
  EXPECT_TRUE(json->at("absent").absent());
  EXPECT_TRUE(json->at("null").absent());
  EXPECT_TRUE(json->at("text").at("of").at("nothing").absent());
  EXPECT_EQ(json->text("list"), "");
  EXPECT_EQ(json->number("text"), 0);
  EXPECT_FALSE(json->flag("text"));
  EXPECT_TRUE(json->flag("text", true));
  EXPECT_TRUE(json->array("text").empty());
  EXPECT_EQ(json->text(), "");
  EXPECT_TRUE(Json{}.items().empty());
  EXPECT_EQ(Json{}.dump(), "null");
}

TEST(Json, ValuesOutliveTheTextTheyCameFrom) {
  Json inner;
  {
    const auto json = Json::parse(std::string{R"({"a":{"b":"kept"}})"});
    ASSERT_TRUE(json);
    inner = json->at("a");
  }
  EXPECT_EQ(inner.text("b"), "kept");
}

TEST(Json, WhatIsNoJsonIsNothing) {
  EXPECT_FALSE(Json::parse("{"));
  EXPECT_FALSE(Json::parse(""));
  EXPECT_FALSE(Json::parse("hello"));
}

}  // namespace
}  // namespace spine::client
