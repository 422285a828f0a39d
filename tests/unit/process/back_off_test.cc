// back_off_ms: doubles, has a ceiling, and spreads.
#include <gtest/gtest.h>

#include "adapters/agents/process/launch.h"

namespace spine::agents {
namespace {

TEST(BackOff, DoublesFromItsBase) {
  // random = a fifth of the delay is the middle of the spread.
  EXPECT_EQ(back_off_ms(500, 1, 100), 500U);
  EXPECT_EQ(back_off_ms(500, 2, 200), 1'000U);
  EXPECT_EQ(back_off_ms(500, 3, 400), 2'000U);
}

TEST(BackOff, StaysWithinAFifthOfAMinute) {
  for (std::uint64_t random = 0; random < 100'000; random += 997) {
    const std::uint64_t delay = back_off_ms(500, 40, random);
    EXPECT_GE(delay, 48'000U);
    EXPECT_LE(delay, 72'000U);
  }
}

TEST(BackOff, TwoRandomNumbersGiveTwoDelays) {
  EXPECT_NE(back_off_ms(500, 4, 1), back_off_ms(500, 4, 999));
}

}  // namespace
}  // namespace spine::agents
