// Tests of schemas/vocab/utf8.h.
#include "schemas/vocab/utf8.h"

#include <array>
#include <gtest/gtest.h>

namespace spine {
namespace {

TEST(Utf8, RefusesOverlongSurrogateTooLargeAndCutOff) {
  constexpr std::array<std::string_view, 8> kBad{
      "\xc0\x80",         "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
      "\xf0\x80\x80\x80", "\x80",         "\xe2\x82",     "\xf8\x88\x80\x80\x80"};
  for (const std::string_view bad : kBad)
    EXPECT_EQ(decode_utf8(bad, 0).bytes, 0U);
}

TEST(Utf8, EncodesWhatItDecodes) {
  for (const char32_t value : {U'a', U'\u00e9', U'\u20ac', U'\ud7ff', U'\ue000', U'\U0010ffff'}) {
    std::string text;
    append_utf8(text, value);
    const CodePoint back = decode_utf8(text, 0);
    EXPECT_EQ(back.value, value);
    EXPECT_EQ(back.bytes, text.size());
  }
}

TEST(Utf8, TextsAreCutBetweenCharacters) {
  EXPECT_EQ(cut_text("a\xc3\xa4", 3), "a\xc3\xa4");
  EXPECT_EQ(cut_text("a\xc3\xa4", 2), "a");
  EXPECT_EQ(cut_text("\xf0\x9f\x98\x80", 3), "");
  EXPECT_EQ(cut_text("\x80\x80", 1), "");
  EXPECT_EQ(shortened("a\xc3\xa4", 3), "a\xc3\xa4");
  EXPECT_EQ(shortened("a\xc3\xa4", 2), "a...");
}

TEST(Utf8, CharactersAreCounted) {
  EXPECT_EQ(count_characters(""), 0U);
  EXPECT_EQ(count_characters("a\xc3\xa4\xe2\x82\xac"), 3U);
  EXPECT_TRUE(is_utf8("a\xc3\xa4"));
  EXPECT_FALSE(is_utf8("a\xc3"));
}

}  // namespace
}  // namespace spine
