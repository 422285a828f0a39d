// Tests of schemas/vocab/result.h.
#include "schemas/vocab/result.h"

#include <gtest/gtest.h>
#include <memory>

namespace spine {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error{Errc::invalid_argument, "The number is odd."};
  return n / 2;
}

Result<int> quarter(int n) {
  SPINE_TRY(const int once, half(n));
  SPINE_TRY(const int twice, half(once));
  return twice;
}

Status even(int n) {
  SPINE_TRY_STATUS(half(n));
  return ok();
}

TEST(Result, HoldsAValueOrAnError) {
  const Result<int> good = half(4);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  EXPECT_EQ(*good, 2);
  const Result<int> bad = half(3);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::invalid_argument);
  EXPECT_EQ(bad.error().message, "The number is odd.");
}

TEST(Result, TryGoesOnWithTheValueOrReturnsTheError) {
  EXPECT_EQ(quarter(12).value(), 3);
  EXPECT_EQ(quarter(6).error().message, "The number is odd.");
  EXPECT_TRUE(even(2));
  EXPECT_EQ(even(1).error().code, Errc::invalid_argument);
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> owned = std::move(result).value();
  EXPECT_EQ(*owned, 7);
}

TEST(ResultDeathTest, TakingWhatIsNotThereStopsTheProcess) {
  EXPECT_DEATH((void)half(3).value(), "check failed: has_value");
  EXPECT_DEATH((void)half(4).error(), "check failed: !has_value");
}

}  // namespace
}  // namespace spine
