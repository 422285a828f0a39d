// Tests of the JSON5 reader: every feature of the language, every error with its place.
#include "engine/config/json5/json5.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"

namespace spine::config {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string as_json(std::string_view text) {
  Document document;
  const Result<NodeId> root = parse_json5(document, text, "f");
  return root ? to_json(document, *root) : root.error().message;
}

std::string error_of(std::string_view text) {
  Document document;
  const Result<NodeId> root = parse_json5(document, text, "f");
  EXPECT_FALSE(root) << "accepted: " << text;
  if (root) return {};
  EXPECT_EQ(root.error().code, Errc::invalid_argument);
  return root.error().message;
}

struct Spelling {
  std::string_view text{};
  std::string_view wanted{};
};

TEST(Json5, ReadsEveryFeatureOfTheLanguage) {
  constexpr std::array kCases{
      Spelling{"{}", "{}"},
      Spelling{"[]", "[]"},
      Spelling{" null ", "null"},
      Spelling{"true", "true"},
      Spelling{"[1,2,]", "[1,2]"},
      Spelling{"{a:1,}", R"({"a":1})"},
      Spelling{"// one\n/* two\n * three **/ {a /*x*/ : /*y*/ 1 //z\n}", R"({"a":1})"},
      Spelling{"{'a':'b'}", R"({"a":"b"})"},
      Spelling{R"({$a_1: 1, "b c": 2})", R"({"$a_1":1,"b c":2})"},
      Spelling{"{\xc3\xa4: 1}", "{\"\xc3\xa4\":1}"},
      Spelling{R"({\u0061b: 1})", R"({"ab":1})"},
      Spelling{R"({null: 1, true: 2, Infinity: 3})", R"({"null":1,"true":2,"Infinity":3})"},
      Spelling{R"("say \"hi\"")", R"("say \"hi\"")"},
      Spelling{R"('it\'s "x"')", R"("it's \"x\"")"},
      Spelling{R"("\b\f\n\r\t\v\/\\")", R"("\u0008\u000c\n\r\t\u000b/\\")"},
      Spelling{R"("\x41\u0042\q")", R"("ABq")"},
      Spelling{R"("\ud83d\ude00")", "\"\xf0\x9f\x98\x80\""},
      Spelling{"'one \\\ntwo \\\r\nthree \\\rfour'", R"("one two three four")"},
      Spelling{"'a\\\xe2\x80\xa8z'", R"("az")"},
      Spelling{"\"\xe2\x80\xa8\"", R"("\u2028")"},
      Spelling{"\xef\xbb\xbf\xc2\xa0\v\f{}\xe3\x80\x80", "{}"},
  };
  for (const Spelling& c : kCases)
    EXPECT_EQ(as_json(c.text), c.wanted) << c.text;
}

TEST(Json5, ReadsEveryFormOfNumber) {
  constexpr std::array kCases{
      Spelling{"0", "0"},
      Spelling{"-0", "-0"},
      Spelling{"+7", "7"},
      Spelling{"18789", "18789"},
      Spelling{"-1.50", "-1.50"},
      Spelling{".5", "0.5"},
      Spelling{"-.5", "-0.5"},
      Spelling{"5.", "5"},
      Spelling{"5.e2", "5e2"},
      Spelling{"1e3", "1e3"},
      Spelling{"1E+3", "1e+3"},
      Spelling{"2.5e-3", "2.5e-3"},
      Spelling{"0xff", "255"},
      Spelling{"0XFF", "255"},
      Spelling{"-0x10", "-16"},
      Spelling{"+0x1", "1"},
      Spelling{"0xffffffffffffffff", "18446744073709551615"},
      Spelling{"123456789012345678", "123456789012345678"},
  };
  for (const Spelling& c : kCases)
    EXPECT_EQ(as_json(c.text), c.wanted) << c.text;
}

TEST(Json5, ErrorsNameFileLineColumnAndWhatToDo) {
  constexpr std::array kCases{
      Spelling{"", "f:1:1: the file holds no value; write {} to take every default."},
      Spelling{"// only\n", "f:2:1: the file holds no value; write {} to take every default."},
      Spelling{"{",
               "f:1:2: expected a key or '}', found the end of the file; the object that '{' "
               "opened on line 1 is not closed."},
      Spelling{"{\n a: 1\n",
               "f:3:1: expected ',' or '}', found the end of the file; the object that "
               "'{' opened on line 1 is not closed."},
      Spelling{"[1 2]", "f:1:4: expected ',' or ']' in this list, found '2'."},
      Spelling{"{a:1 b:2}", "f:1:6: expected ',' or '}' in this object, found 'b'."},
      Spelling{"{a-b: 1}",
               "f:1:3: expected ':' after the key a, found '-'; a key with other "
               "characters than letters, digits, _ and $ needs quotes."},
      Spelling{"{1: 2}", "f:1:2: expected a key or '}' in this object, found '1'."},
      Spelling{"{,}", "f:1:2: expected a key or '}' in this object, found ','."},
      Spelling{"[,]", "f:1:2: expected a value, found ','."},
      Spelling{"{a: }", "f:1:5: expected a value, found '}'."},
      Spelling{"{} {}",
               "f:1:4: expected the end of the file, found '{'; one file holds one value."},
      Spelling{"{a: yes}", "f:1:5: expected a value, found the word yes; put text in quotes."},
      Spelling{"{token: s3cr3t}",
               "f:1:9: expected a value, found a word without quotes; put text in quotes."},
      Spelling{"{a: 1,\n  b: 2,\n  a: 3}",
               "f:3:3: the key a stands twice in this object, first on line 1; keep one."},
      Spelling{"/* x", "f:1:1: this comment does not end; close it with */."},
      Spelling{"\n  'abc\n'",
               "f:2:3: this string does not end on its line; close it with ', or end "
               "the line with \\ to go on."},
      Spelling{"\"abc",
               "f:1:1: this string does not end on its line; close it with \", or end the "
               "line with \\ to go on."},
      Spelling{R"("\1")",
               "f:1:2: a backslash before a digit means nothing in JSON5; use \\x or \\u."},
      Spelling{R"("\u12g4")", "f:1:6: expected 4 hexadecimal digits, found 'g'."},
      Spelling{R"("\x4")", "f:1:5: expected 2 hexadecimal digits, found '\"'."},
      Spelling{R"("\ud83d")",
               "f:1:3: half of a \\u pair; characters above U+FFFF need both halves."},
      Spelling{R"("\ude00")",
               "f:1:3: half of a \\u pair; characters above U+FFFF need both halves."},
      Spelling{R"("\u0000")", "f:1:2: a NUL character in a string; take it out."},
      Spelling{"012", "f:1:1: a number cannot start with 0; take the 0 away, or quote it."},
      Spelling{"12ab", "f:1:3: expected the number to end, found 'a'; quote it if it is text."},
      Spelling{"1.2.3", "f:1:4: expected the number to end, found '.'; quote it if it is text."},
      Spelling{"1e", "f:1:3: expected the digits of the exponent, found the end of the file."},
      Spelling{"-", "f:1:1: expected a number, found the end of the file."},
      Spelling{".", "f:1:1: expected a number, found the end of the file."},
      Spelling{"0x", "f:1:3: expected hexadecimal digits, found the end of the file."},
      Spelling{"0x10000000000000000", "f:1:1: this number has more than 64 bits."},
      Spelling{"1e999", "f:1:1: this number is too large or too small; write a smaller exponent."},
      Spelling{"Infinity", "f:1:1: no setting can be Infinity or NaN; write a number."},
      Spelling{"-Infinity", "f:1:1: no setting can be Infinity or NaN; write a number."},
      Spelling{"NaN", "f:1:1: no setting can be Infinity or NaN; write a number."},
      Spelling{R"({a\x: 1})", "f:1:3: only \\u escapes can stand in a bare key."},
      Spelling{R"({a\u002d: 1})",
               "f:1:3: this character cannot stand in a bare key; quote the key."},
      Spelling{"{\n \"\xc3\xa4\xff\": 1}",
               "f:2:4: the byte 0xff is not UTF-8 here; save the file as "
               "UTF-8."},
      Spelling{"\"\xc3\xa4\" x",
               "f:1:5: expected the end of the file, found 'x'; one file holds one "
               "value."},
      Spelling{"{a:1,\r\nb;2}",
               "f:2:2: expected ':' after the key b, found ';'; a key with other "
               "characters than letters, digits, _ and $ needs quotes."},
  };
  for (const Spelling& c : kCases)
    EXPECT_EQ(error_of(c.text), c.wanted) << c.text;
}

TEST(Json5, ControlCharactersInErrorsAreMadeVisible) {
  EXPECT_EQ(error_of("\x1b[31m"), "f:1:1: expected a value, found '\\x1b'.");
}

TEST(Json5, NulBehindABackslashDoesNotSlipIn) {
  EXPECT_EQ(error_of(std::string_view("'\\\0'", 4)),
            "f:1:3: a NUL character in a string; take it out.");
}

TEST(Json5, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(as_json(nested(limits::kConfigDepthMax)), nested(limits::kConfigDepthMax));
  EXPECT_EQ(error_of(nested(limits::kConfigDepthMax + 1)),
            "f:1:65: values are nested deeper than 64 levels; flatten them.");
}

TEST(Json5, SizeIsBounded) {
  const std::string large(limits::kConfigBytesMax + 1, ' ');
  EXPECT_THAT(error_of(large),
              HasSubstr("f: the file has 4194305 bytes, and 4194304 are the most"));
}

TEST(Json5, NumberOfValuesIsBounded) {
  std::string many = "[";
  for (std::size_t i = 0; i <= limits::kConfigValuesMax; ++i)
    many += "0,";
  EXPECT_THAT(error_of(many + "]"), HasSubstr("more than 200000 values"));
}

TEST(Json5, ValuesAndKeysKnowTheirPlaces) {
  Document document;
  const Result<NodeId> root = parse_json5(document, "{\n  a: {\n    b:   'x' }\n}", "file.json");
  ASSERT_TRUE(root);
  const NodeId b = document.find(document.find(*root, "a"), "b");
  EXPECT_EQ(document.where(document[b].key_place), "file.json:3:5");
  EXPECT_EQ(document.where(document[b].place), "file.json:3:10");
  EXPECT_EQ(document.text(b), "x");
}

TEST(Json5, HiddenMembersAndAllInsideThemAreRedacted) {
  Document document;
  const Result<NodeId> root =
      parse_json5(document, "{a: 'x', s: {t: ['y', 1, true, null]}, n: ['z', 2], b: 's'}", "f");
  ASSERT_TRUE(root);
  const Hide hide = [](std::span<const std::string_view> path) {
    return path.back() == "s"   ? Hidden::everything
           : path.back() == "n" ? Hidden::texts
                                : Hidden::nothing;
  };
  EXPECT_EQ(to_json(document, *root, hide),
            R"({"a":"x","s":{"t":["__OPENCLAW_REDACTED__","__OPENCLAW_REDACTED__",)"
            R"("__OPENCLAW_REDACTED__",null]},"n":["__OPENCLAW_REDACTED__",2],"b":"s"})");
}

TEST(Json5, WhatItWritesItReadsAgain) {
  constexpr std::array<std::string_view, 4> kTexts{
      "{a: .5, b: [0x10, +3, 'it\\'s', \"\\u007f\\t\"], 'c d': {e: null, f: false}}",
      "[123456789012345678901234567890, 1e-300, -0]", "'\\v\\\n x'", "{\xe6\x97\xa5: '\\x00ff'}"};
  for (const std::string_view text : kTexts) {
    const std::string once = as_json(text);
    if (text.find("x00") == std::string_view::npos) {
      EXPECT_EQ(as_json(once), once);
    } else {
      EXPECT_THAT(once, StartsWith("f:1:6: a NUL"));
    }
  }
}

}  // namespace
}  // namespace spine::config
