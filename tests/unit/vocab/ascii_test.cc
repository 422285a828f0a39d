// Tests of schemas/vocab/ascii.h.
#include "schemas/vocab/ascii.h"

#include <gtest/gtest.h>

namespace spine {
namespace {

TEST(Ascii, OnlyItsLettersHaveACase) {
  EXPECT_EQ(lower_case("A-Z \xc3\x84@[`{"), "a-z \xc3\x84@[`{");
  EXPECT_TRUE(same_but_case("Host", "hOST"));
  EXPECT_FALSE(same_but_case("Host", "Hos"));
  EXPECT_FALSE(same_but_case("[", "{"));
}

TEST(Ascii, PlainIsLettersDigitsAndWhatIsNamed) {
  EXPECT_TRUE(is_plain("aZ09", ""));
  EXPECT_TRUE(is_plain("a-b_c", "-_"));
  EXPECT_FALSE(is_plain("a.b", "-_"));
  EXPECT_FALSE(is_plain("", ""));
  EXPECT_FALSE(is_plain("\xc3\xa4", "-_"));
}

TEST(Ascii, BlanksAtTheEndsAreTakenAway) {
  EXPECT_EQ(trimmed(" \t a b\r\n"), "a b");
  EXPECT_EQ(trimmed(" \n "), "");
  EXPECT_EQ(trimmed("\n a ", " "), "\n a");
}

}  // namespace
}  // namespace spine
