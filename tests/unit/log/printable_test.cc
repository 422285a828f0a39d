// Tests of engine/log/printable.h and engine/log/utf8.h.
#include "engine/log/printable.h"

#include <array>
#include <gtest/gtest.h>

#include "engine/log/utf8.h"

namespace spine {
namespace {

TEST(Printable, KeepsWhatIsText) {
  EXPECT_EQ(printable("plain \"text\" \\ 100%"), "plain \"text\" \\ 100%");
  EXPECT_EQ(printable("gr\xc3\xbc\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x98\x80"),
            "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x98\x80");
}

TEST(Printable, EscapesWhatSteers) {
  EXPECT_EQ(printable("a\nb\rc\td\x1b[0m\x7f"), "a\\nb\\rc\\td\\x1b[0m\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");
  EXPECT_EQ(printable("\xe2\x80\xae"), "\\u202e");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\x00");
}

TEST(Printable, EscapesBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");
}

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

}  // namespace
}  // namespace spine
