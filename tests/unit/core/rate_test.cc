// Rate: the token bucket.
#include "engine/core/base/rate.h"

#include <gtest/gtest.h>

namespace spine::core {
namespace {

constexpr std::uint64_t kSecondUs = 1'000'000;

TEST(Rate, GivesTheBurstAndThenOnePerInterval) {
  const Rate rate = Rate::per_minute(60, 10);
  std::uint64_t tat = 0;
  const std::uint64_t now = 5 * kSecondUs;
  for (int i = 0; i < 10; ++i) {
    EXPECT_LE(rate.allowed_at_us(tat), now);
    tat = rate.charge(tat, now, 100);
  }
  EXPECT_EQ(rate.allowed_at_us(tat), now + kSecondUs);
  tat = rate.charge(tat, now + kSecondUs, 100);
  EXPECT_EQ(rate.allowed_at_us(tat), now + 2 * kSecondUs);
}

TEST(Rate, DebtIsBounded) {
  const Rate rate = Rate::per_minute(60, 10);
  std::uint64_t tat = 0;
  for (int i = 0; i < 1'000; ++i)
    tat = rate.charge(tat, 0, 32);
  EXPECT_EQ(rate.allowed_at_us(tat), 33 * kSecondUs);
}

TEST(Rate, ZeroMeansNoLimit) {
  const Rate rate = Rate::per_minute(0, 0);
  EXPECT_EQ(rate.charge(7, 100, 1), 7U);
  EXPECT_EQ(rate.allowed_at_us(1'000), 0U);
}

}  // namespace
}  // namespace spine::core
