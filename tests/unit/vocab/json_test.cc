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
  EXPECT_EQ(object_text([](JsonWriter& object) { object.member("a", 1); }), R"({"a":1})");
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

TEST(JsonWriter, BoundsCountWhatIsSent) {
  std::string all = "\xc3\xa9 \xf0\x9f\x98\x80 \xff\xc3";
  for (int c = 0; c < 128; ++c)
    all += static_cast<char>(c);
  std::string sent;
  append_escaped(sent, all);
  EXPECT_EQ(escaped_bytes(all), sent.size());
  for (std::size_t max = 0; max <= sent.size() + 2; ++max) {
    const std::string_view cut = cut_escaped(all, max);
    EXPECT_LE(escaped_bytes(cut), max);
    // Not a character less than fits, and none cut in two.
    std::string shown;
    append_escaped(shown, cut);
    EXPECT_EQ(sent.substr(0, shown.size()), shown);
    EXPECT_TRUE(cut.size() == all.size() || shown.size() + 6 > max) << max;
  }
  EXPECT_EQ(cut_escaped(std::string(100, '\x01'), 59).size(), 9U);
}

}  // namespace
}  // namespace spine
