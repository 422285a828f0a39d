// Tests of replay/timeline/moment.h: what people write for a moment, and where that is in a
// journal.
#include "replay/timeline/moment.h"

#include <cstdlib>
#include <ctime>

#include "tests/unit/replay/support.h"

namespace spine::replay {
namespace {

constexpr std::int64_t kNow = 1'764'338'580'000;  // 2025-11-28 14:03:00Z, a Friday
constexpr std::int64_t kHour = 3'600'000;

class MomentText : public ::testing::Test {
 protected:
  void SetUp() override {
    ::setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    ::tzset();
  }
  void TearDown() override {
    ::unsetenv("TZ");
    ::tzset();
  }
  static std::int64_t wall(const std::string& text) {
    const auto moment = parse_moment(text, kNow);
    if (!moment || moment->kind != Moment::Kind::wall) return -1;
    return moment->wall_ms;
  }
};

TEST_F(MomentText, TimesOfAnyForm) {
  EXPECT_EQ(wall("2025-11-28T14:03:00Z"), kNow);
  EXPECT_EQ(wall("2025-11-28t14:03:00.250z"), kNow + 250);
  EXPECT_EQ(wall("2025-11-28 15:03:00+01:00"), kNow);
  EXPECT_EQ(wall("2025-11-28 15:03"), kNow) << "without an offset it is the host's zone";
  EXPECT_EQ(wall("15:03"), kNow);
  EXPECT_EQ(wall("today 15:03"), kNow);
  EXPECT_EQ(wall("yesterday 15:03"), kNow - 24 * kHour);
  EXPECT_EQ(wall("Yesterday"), kNow - 24 * kHour - 15 * kHour - 180'000);
  EXPECT_EQ(wall("2025-07-01 02:00"), 1'751'328'000'000) << "summer time holds then";
  EXPECT_EQ(wall("@1764338580"), kNow);
}

TEST_F(MomentText, RelativeTimes) {
  EXPECT_EQ(wall("-2h"), kNow - 2 * kHour);
  EXPECT_EQ(wall("2h ago"), kNow - 2 * kHour);
  EXPECT_EQ(wall("5 minutes ago"), kNow - 300'000);
  EXPECT_EQ(wall("1 week ago"), kNow - 7 * 24 * kHour);
  EXPECT_EQ(wall("-90s"), kNow - 90'000);
  const auto back = parse_moment("3 messages ago", kNow);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->kind, Moment::Kind::messages_back);
  EXPECT_EQ(back->back, 3U);
}

TEST_F(MomentText, Seqs) {
  for (const char* text : {"1234", "#1234"}) {
    const auto moment = parse_moment(text, kNow);
    ASSERT_TRUE(moment);
    EXPECT_EQ(moment->kind, Moment::Kind::seq);
    EXPECT_EQ(moment->seq, 1234U);
  }
  EXPECT_EQ(parse_moment("latest", kNow)->kind, Moment::Kind::latest);
}

TEST_F(MomentText, WhatIsNoMomentIsRefusedWithWhatIs) {
  for (const char* text : {"",
                           "#",
                           "@",
                           "#-1",
                           "-5",
                           "2h",
                           "ago",
                           "5 parsecs ago",
                           "2025-02-30",
                           "2025-13-01",
                           "25:00",
                           "2025-11-28T",
                           "2025-11-28 14:03 oclock",
                           "2025-11-28T14:03:00+99:00",
                           "-2h ago",
                           "1 e9 ago",
                           "99999999999999999999",
                           "-99999999999999999d",
                           "@99999999999999",
                           "\x1b[31m",
                           "tomorrow",
                           "2025-11-28T14:03:00.Z"}) {
    const auto moment = parse_moment(text, kNow);
    ASSERT_FALSE(moment) << text;
    EXPECT_EQ(moment.error().code, Errc::invalid_argument);
    EXPECT_NE(moment.error().message.find("yesterday 14:03"), std::string::npos);
    EXPECT_EQ(moment.error().message.find('\x1b'), std::string::npos);
  }
}

TEST(MomentPlace, TimesAndMessagesAreFoundInTheJournal) {
  const TempDir dir;
  tell_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline) << timeline.error().message;
  const auto at = [&](const std::string& text, const std::string& session = {}) {
    const auto place = find_place(text, *timeline, session);
    return place ? place->seq : Seq{};
  };
  EXPECT_EQ(at("latest"), timeline->last());
  EXPECT_EQ(at("2"), Seq{2});
  // The clock of the story ticks once an input: every moment has one answer.
  for (Seq seq{1}; seq <= timeline->last(); seq = next(seq)) {
    const auto found = timeline->seq_at(*timeline->time_of(seq));
    ASSERT_TRUE(found);
    EXPECT_GE(*found, seq);
    EXPECT_EQ(*timeline->time_of(*found), *timeline->time_of(seq));
    if (*found < timeline->last()) {
      EXPECT_GT(*timeline->time_of(next(*found)), *timeline->time_of(seq));
    }
  }
  const Seq last_message = next(at("1 message ago"));
  EXPECT_NE(
      record_text(*timeline->event(last_message), *std::make_unique<Names>(*timeline)).find("m4"),
      std::string::npos);
  EXPECT_LT(at("2 messages ago"), at("1 message ago"));
  EXPECT_EQ(at("9 messages ago"), Seq{});
  EXPECT_EQ(at("99999"), Seq{});
  EXPECT_EQ(at("0"), Seq{});
  const std::int64_t last_ms = *timeline->time_of(timeline->last());
  EXPECT_EQ(at(utc_text(last_ms)), timeline->last());
  EXPECT_EQ(at(utc_text(last_ms + 1)), timeline->last()) << "nothing has happened since";
  EXPECT_EQ(at(utc_text(now_ms())), timeline->last());
  const auto to_come = find_place("9999-01-01T00:00:00Z", *timeline);
  ASSERT_FALSE(to_come);
  EXPECT_EQ(to_come.error().code, Errc::not_found);
  EXPECT_EQ(to_come.error().message,
            "9999-01-01 00:00:00.000Z is yet to come: the journal's last event is #" +
                std::to_string(timeline->last().value) + " (" + utc_text(last_ms) +
                "). \"latest\" is the state after it.");
  const auto before = find_place("1999-01-01", *timeline);
  ASSERT_FALSE(before);
  EXPECT_NE(before.error().message.find("it holds #1 ("), std::string::npos);
}

// Of a journal from a machine whose clock is ahead, what it holds can be asked for.
TEST(MomentPlace, WhatIsYetToComeHereMayHaveBeenThere) {
  const TempDir dir;
  tell_story(dir.path());
  auto timeline = Timeline::open(dir.path());
  ASSERT_TRUE(timeline);
  const std::int64_t last_ms = *timeline->time_of(timeline->last());
  const auto at = [&](std::int64_t wall_ms, std::int64_t now_ms) {
    const auto place = resolve({.kind = Moment::Kind::wall, .wall_ms = wall_ms}, *timeline, now_ms);
    return place ? place->seq : Seq{};
  };
  EXPECT_EQ(at(last_ms, last_ms - 1'000), timeline->last());
  EXPECT_LT(at(last_ms - 1, last_ms - 1'000), timeline->last());
  EXPECT_EQ(at(last_ms + 1, last_ms - 1'000), Seq{});
  EXPECT_EQ(at(last_ms + 1, last_ms + 1), timeline->last());
  EXPECT_EQ(at(last_ms + 2, last_ms + 1), Seq{});
}

}  // namespace
}  // namespace spine::replay
