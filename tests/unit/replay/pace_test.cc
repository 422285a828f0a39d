// Tests of replay/pace.h: due times of recorded events; nothing here waits.
#include "replay/pace.h"

#include <gtest/gtest.h>

namespace spine::replay {
namespace {

using std::chrono::milliseconds;

constexpr Pace::Time kStart{std::chrono::hours(5)};

Pace pace_of(std::string_view speed, Pace::Gaps gaps = Pace::Gaps::shortened) {
  auto pace = Pace::parse(speed, gaps);
  EXPECT_TRUE(pace) << speed;
  return *pace;
}

TEST(Pace, AtTheOriginalSpeedEventsAreAsFarApartAsTheyWereRecorded) {
  Pace pace = pace_of("original");
  EXPECT_EQ(pace.due(70'000, kStart), kStart) << "the first one is due at once";
  EXPECT_EQ(pace.due(70'250, kStart), kStart + milliseconds(250));
  EXPECT_EQ(pace.due(70'250, kStart + milliseconds(900)), kStart + milliseconds(250))
      << "however long printing takes, the schedule stays";
  EXPECT_EQ(pace.due(75'250, kStart), kStart + milliseconds(5'250));
  EXPECT_EQ(pace.left_out_ms(), 0U);
}

TEST(Pace, TimesAsFastDividesTheGaps) {
  Pace fast = pace_of("10x");
  EXPECT_EQ(fast.due(1'000, kStart), kStart);
  EXPECT_EQ(fast.due(3'000, kStart), kStart + milliseconds(200));
  Pace slow = pace_of("0.5x");
  EXPECT_EQ(slow.due(1'000, kStart), kStart);
  EXPECT_EQ(slow.due(3'000, kStart), kStart + milliseconds(4'000));
}

TEST(Pace, LongGapsAreShortenedAndSaySo) {
  Pace pace = pace_of("2x");
  pace.due(0, kStart);
  EXPECT_EQ(pace.due(65'000, kStart), kStart + milliseconds(2'500));
  EXPECT_EQ(pace.left_out_ms(), 60'000U);
  EXPECT_EQ(pace.due(66'000, kStart), kStart + milliseconds(3'000));
  EXPECT_EQ(pace.left_out_ms(), 0U);
}

TEST(Pace, FullGapsAreKept) {
  Pace pace = pace_of("original", Pace::Gaps::full);
  pace.due(0, kStart);
  EXPECT_EQ(pace.due(65'000, kStart), kStart + milliseconds(65'000));
  EXPECT_EQ(pace.left_out_ms(), 0U);
}

TEST(Pace, InstantIsAlwaysDue) {
  Pace pace = pace_of("instant");
  EXPECT_TRUE(pace.instant());
  EXPECT_EQ(pace.due(0, kStart), kStart);
  EXPECT_EQ(pace.due(86'400'000, kStart), kStart);
  EXPECT_EQ(pace.left_out_ms(), 0U);
}

TEST(Pace, NoRecordedTimeIsBeforeTheOneThatWasAskedFor) {
  Pace pace = pace_of("original", Pace::Gaps::full);
  pace.due(1'000, kStart);
  EXPECT_EQ(pace.due(400, kStart), kStart);
  EXPECT_EQ(pace.due(1'100, kStart), kStart + milliseconds(100));
  EXPECT_GT(pace.due(UINT64_MAX, kStart), kStart) << "damaged times do not overflow";
}

TEST(Pace, WhatIsNoSpeedIsAUsageError) {
  for (const char* bad : {"", "x", "fast", "-1x", "0x", "0", "nan", "inf", "1e9x", "10xx",
                          "9999999x", " 1x", "1 x", "0x10"}) {
    const auto pace = Pace::parse(bad, Pace::Gaps::full);
    ASSERT_FALSE(pace) << bad;
    EXPECT_EQ(pace.error().code, Errc::invalid_argument);
  }
}

}  // namespace
}  // namespace spine::replay
