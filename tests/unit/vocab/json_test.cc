// JsonWriter, and the escaping of texts.
#include "schemas/vocab/json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace spine {
namespace {

using nlohmann::json;

TEST(JsonWriter, WritesWhatAParserReadsBack) {
  std::string out;
  JsonWriter writer{out};
  std::string all;
  for (int c = 1; c < 128; ++c)
    all += static_cast<char>(c);
  writer.begin_object();
  writer.member("text", all);
  writer.member("number", -12);
  writer.member("large", ~std::uint64_t{0});
  writer.member("real", 0.25);
  writer.member("yes", true);
  writer.member_null("none");
  writer.member_if("absent", "");
  writer.key("list");
  writer.begin_array();
  writer.value(1);
  writer.raw("{}");
  writer.value("z");
  writer.end_array();
  writer.end_object();
  const json parsed = json::parse(out);
  EXPECT_EQ(parsed["text"], all);
  EXPECT_EQ(parsed["number"], -12);
  EXPECT_EQ(parsed["large"], ~std::uint64_t{0});
  EXPECT_EQ(parsed["real"], 0.25);
  EXPECT_EQ(parsed["yes"], true);
  EXPECT_TRUE(parsed["none"].is_null());
  EXPECT_FALSE(parsed.contains("absent"));
  EXPECT_EQ(parsed["list"].dump(), R"([1,{},"z"])");
}

TEST(JsonWriter, ObjectsAndArraysAreClosed) {
  struct Row {
    std::string name{};
    int count{};
  };
  const std::vector<Row> rows{{"a", 1}, {"b", 2}};
  const std::vector<std::string> names{"x", "\n"};
  std::string out;
  JsonWriter writer{out};
  writer.object([&] {
    writer.object("empty", [] {});
    writer.array("names", names);
    writer.array("none", std::vector<int>{});
    writer.objects("rows", rows, [&](const Row& row) { writer.member(row.name, row.count); });
    writer.array("counts", rows, [&](const Row& row) { writer.value(row.count); });
    writer.array("mixed", [&] {
      writer.array([] {});
      writer.value(true);
    });
    writer.member_or_null("no", "");
    writer.member_or_null("yes", "y");
  });
  EXPECT_EQ(out,
            R"({"empty":{},"names":["x","\n"],"none":[],"rows":[{"a":1},{"b":2}],"counts":[1,2],)"
            R"("mixed":[[],true],"no":null,"yes":"y"})");
}

TEST(JsonWriter, BytesThatAreNoUtf8BecomeTheReplacementCharacter) {
  const auto escaped = [](std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
  };
  EXPECT_EQ(escaped("\xc3\xa9 \xf0\x9f\x98\x80"), "\xc3\xa9 \xf0\x9f\x98\x80");
  EXPECT_EQ(escaped("a\xff"
                    "b"),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(escaped("\xc3"), "\xEF\xBF\xBD");
  EXPECT_EQ(escaped("\xc0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(JsonWriter, KeysAreEscapedUnlessTheyAreLiterals) {
  const std::string name = "a\"b\\\n\xff";
  EXPECT_EQ(json_object([&](JsonWriter& writer) {
              writer.member("plain", 1);
              writer.member(name, 2);
              writer.object(std::string_view{name}, [] {});
            }),
            "{\"plain\":1,\"a\\\"b\\\\\\n\xef\xbf\xbd\":2,"
            "\"a\\\"b\\\\\\n\xef\xbf\xbd\":{}}");
}

TEST(JsonWriter, BoundsCountWhatIsSent) {
  std::string all = "\xc3\xa9 \xf0\x9f\x98\x80 \xff\xc3";
  for (int c = 0; c < 128; ++c)
    all += static_cast<char>(c);
  std::string sent;
  append_escaped(sent, all);
  for (std::size_t max = 0; max <= sent.size() + 2; ++max) {
    const std::string_view cut = cut_escaped(all, max);
    // Not a character less than fits, and none cut in two.
    std::string shown;
    append_escaped(shown, cut);
    EXPECT_LE(shown.size(), max);
    EXPECT_EQ(sent.substr(0, shown.size()), shown);
    EXPECT_TRUE(cut.size() == all.size() || shown.size() + 6 > max) << max;
  }
  EXPECT_EQ(cut_escaped(std::string(100, '\x01'), 59).size(), 9U);
}

TEST(JsonObject, IsWrittenWhole) {
  EXPECT_EQ(json_object([](JsonWriter& writer) { writer.member("a", 1); }), R"({"a":1})");
  EXPECT_EQ(json_object([](JsonWriter&) {}), "{}");
}

TEST(JsonString, EscapesWhatJsonAndTerminalsNeed) {
  EXPECT_EQ(json_string("a\"b\\c\n\x1b\x7f"), "\"a\\\"b\\\\c\\n\\u001b\\u007f\"");
  EXPECT_EQ(json_string("\xff\xe2\x80\xae"), "\"\xef\xbf\xbd\\u202e\"");
}

TEST(JsonForTerminal, LeavesJsonAsItIsButForUnsafeCharacters) {
  EXPECT_EQ(json_for_terminal("{\"a\":\n \"\xc3\xa4\"}"), "{\"a\":\n \"\xc3\xa4\"}");
  EXPECT_EQ(json_for_terminal("\"\xc2\x9b\x7f\""), "\"\\u009b\\u007f\"");
}

}  // namespace
}  // namespace spine
