// pick: whole ids and codes, beginnings of ids, and what is nobody's.
#include <gtest/gtest.h>

#include "adapters/cli/output.h"

namespace spine::cli {
namespace {

const std::vector<Named> kThree{{.id = "ab12", .whole = {"K7QX"}},
                                {.id = "ab34", .whole = {""}},
                                {.id = "ab3", .whole = {"CODE"}}};

TEST(Pick, TakesAWholeNameBeforeABeginning) {
  EXPECT_EQ(*pick(kThree, "ab3", "none"), 2U);
  EXPECT_EQ(*pick(kThree, "ab34", "none"), 1U);
  EXPECT_EQ(*pick(kThree, "ab1", "none"), 0U);
}

TEST(Pick, TakesCodesWholeAndInAnyCase) {
  EXPECT_EQ(*pick(kThree, "k7qx", "none"), 0U);
  EXPECT_EQ(pick(kThree, "K7", "none").error().code, Errc::not_found);
}

TEST(Pick, SaysWhyNothingIsMeant) {
  const auto many = pick(kThree, "ab", "none");
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, Errc::invalid_argument);
  EXPECT_EQ(many.error().message, "\"ab\" is the beginning of more than one; give more of it.");
  for (const char* which : {"", "x", "ab345"}) {
    const auto none = pick(kThree, which, "none");
    ASSERT_FALSE(none) << which;
    EXPECT_EQ(none.error().message, "none");
  }
}

}  // namespace
}  // namespace spine::cli
