// Zone: local times from recorded rules, on days of change, too.
#include "engine/core/base/zone.h"

#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "engine/core/model/digest.h"
#include "engine/core/model/snapshot.h"
#include "engine/core/model/views.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "tests/unit/core/world.h"

namespace spine::core {
namespace {

constexpr std::int64_t kHour = 3'600;
constexpr std::int64_t kDay = 24 * kHour;
// Berlin in 2026: +01:00 until 2026-03-29T01:00Z, then +02:00 until 2026-10-25T01:00Z.
constexpr std::int64_t kSpring = 1'774'746'000;
constexpr std::int64_t kAutumn = 1'792'890'000;

KeptBody rules(std::int32_t offset_s, std::vector<std::int64_t> at,
               std::vector<std::int32_t> offsets) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fb::CreateZoneRulesDirect(builder, "test", "", offset_s, &at, &offsets, 0));
  return KeptBody{finished(builder)};
}

KeptBody berlin() {
  return rules(3'600, {kSpring, kAutumn}, {7'200, 3'600});
}

Zone zone_of(const KeptBody& body) {
  Zone zone;
  zone.apply(body.view());
  return zone;
}

bool good(const KeptBody& body) {
  return good_zone_rules(*flatbuffers::GetRoot<fb::ZoneRules>(body.view().data()));
}

// What first_at() promises, found by looking at every quarter of an hour.
std::int64_t looked_for(const Zone& zone, std::int64_t local_s) {
  std::int64_t at = local_s - kDay;
  while (at + zone.offset_at(at) < local_s)
    at += 900;
  return at;
}

TEST(Zone, OffsetsBeginWithTheirTransition) {
  const Zone zone = zone_of(berlin());
  EXPECT_EQ(zone.offset_at(kSpring - 1), 3'600);
  EXPECT_EQ(zone.offset_at(kSpring), 7'200);
  EXPECT_EQ(zone.offset_at(kAutumn - 1), 7'200);
  EXPECT_EQ(zone.offset_at(kAutumn), 3'600);
  EXPECT_EQ(zone.offset_at(std::numeric_limits<std::int64_t>::min()), 3'600);
  EXPECT_EQ(zone.offset_at(std::numeric_limits<std::int64_t>::max()), 3'600);
}

TEST(Zone, AnHourThatIsLeftOutBeginsAtTheEndOfTheGap) {
  const Zone zone = zone_of(berlin());
  const std::int64_t local = kSpring + kHour;  // 02:00 on the local clock, which shows 03:00
  EXPECT_EQ(zone.first_at(local), kSpring);
  EXPECT_EQ(zone.first_at(local + kHour / 2), kSpring);
  EXPECT_EQ(zone.first_at(local + kHour), kSpring);
  EXPECT_EQ(zone.first_at(local + kHour + 1), kSpring + 1);
  EXPECT_EQ(zone.first_at(local - 1), kSpring - 1);
}

TEST(Zone, AnHourThatComesTwiceBeginsWithTheFirst) {
  const Zone zone = zone_of(berlin());
  const std::int64_t local = kAutumn + kHour;  // 02:00, again after 03:00
  EXPECT_EQ(zone.first_at(local), kAutumn - kHour);
  EXPECT_EQ(zone.first_at(local + kHour - 1), kAutumn - 1);
  EXPECT_EQ(zone.first_at(local + kHour), kAutumn + kHour);
}

TEST(Zone, FirstInstantsAreThoseThatALookAtEveryQuarterFinds) {
  // Half an hour (Lord Howe), a day left out (Samoa), months of another offset, midnights left out.
  const KeptBody many = rules(
      37'800, {kSpring, kSpring + 9 * kDay + 5 * kHour, kSpring + 40 * kDay, kSpring + 41 * kDay},
      {39'600, -39'600, 46'800, -12 * 3'600});
  for (const KeptBody& body : {berlin(), many}) {
    const Zone zone = zone_of(body);
    for (std::int64_t local = kSpring - 3 * kDay; local < kSpring + 45 * kDay; local += 900)
      ASSERT_EQ(zone.first_at(local), looked_for(zone, local)) << local;
  }
}

TEST(Zone, TheLastHourIsNeverAheadAndNeverMoreThanADayOfChangeAway) {
  const Zone zone = zone_of(berlin());
  for (const std::int64_t change : {kSpring, kAutumn}) {
    for (std::uint8_t hour = 0; hour < 24; ++hour) {
      std::int64_t before = 0;
      for (std::int64_t at = change - 3 * kDay; at < change + 3 * kDay; at += 600) {
        const std::int64_t last = zone.last_hour_ms(at * 1'000, hour) / 1'000;
        ASSERT_LE(last, at);
        ASSERT_GT(last, at - kDay - kHour - 1);
        ASSERT_GE(last, before) << "it went back";
        before = last;
      }
    }
  }
}

TEST(Zone, WithoutRulesOneOffsetHoldsAndRulesAreNotReplacedByIt) {
  Zone zone;
  zone.set_offset(120);
  EXPECT_EQ(zone.offset_at(kSpring), 7'200);
  EXPECT_EQ(
      zone.last_hour_ms(kSpring * 1'000, 4),
      (kSpring + 3 * kHour - 4 * kHour) / kDay * kDay * 1'000 + 2 * kHour * 1'000 - kDay * 1'000);
  zone.apply(berlin().view());
  zone.set_offset(-600);
  EXPECT_EQ(zone.offset_at(kSpring), 7'200);
  EXPECT_EQ(zone.offset_at(kSpring - 1), 3'600);
}

TEST(Zone, WhatCannotBeIsRefusedAndFoldedAsFarAsItCan) {
  EXPECT_TRUE(good(berlin()));
  EXPECT_TRUE(good(rules(0, {}, {})));
  EXPECT_FALSE(good(rules(90'000, {}, {})));
  EXPECT_FALSE(good(rules(0, {1, 2}, {60})));
  EXPECT_FALSE(good(rules(0, {5, 5}, {60, 120})));
  EXPECT_FALSE(good(rules(0, {1}, {-86'400})));
  EXPECT_FALSE(good(rules(0, std::vector<std::int64_t>(limits::kZoneTransitionsMax + 1),
                          std::vector<std::int32_t>(limits::kZoneTransitionsMax + 1))));
  // A journal may hold anything that the verifier lets pass.
  const KeptBody odd = rules(90'000, {10, 20, 5}, {60, 120, 180});
  ASSERT_TRUE(verify_event_body(static_cast<std::uint16_t>(fb::EventBody::ZoneRules), odd.view()));
  const Zone zone = zone_of(odd);
  EXPECT_EQ(zone.offset_at(0), 0);
  EXPECT_EQ(zone.offset_at(10), 60);
  EXPECT_EQ(zone.offset_at(1'000), 120);
}

World at_wall(std::int64_t wall_s) {
  ConfigSpec config;
  config.daily = true;
  config.at_hour = 4;
  World world(config);
  world.zone_rules(3'600, {{kSpring, 7'200}, {kAutumn, 3'600}});
  world.now.wall_ms = wall_s * 1'000;
  return world;
}

// Whether a message at `second` starts afresh after one at `first`.
bool parts(std::int64_t first, std::int64_t second) {
  World world = at_wall(first);
  world.finish(world.message({}).run);
  world.advance_ms(static_cast<std::uint64_t>(second - first) * 1'000);
  world.message({});
  return world.kinds().find("SessionReset") != std::string::npos;
}

TEST(DailyReset, UsesTheOffsetOfTheBoundaryNotOfToday) {
  // 04:00 of the day of the change is 02:00Z in spring (already +02:00) and 03:00Z in autumn.
  const std::int64_t spring_boundary = kSpring + kHour;
  const std::int64_t autumn_boundary = kAutumn + 2 * kHour;
  for (const std::int64_t boundary : {spring_boundary, autumn_boundary}) {
    EXPECT_FALSE(parts(boundary - 2 * kHour, boundary - 1));
    EXPECT_TRUE(parts(boundary - 1, boundary));
    EXPECT_FALSE(parts(boundary, boundary + kDay - 1));
    EXPECT_TRUE(parts(boundary, boundary + kDay));
  }
  // The evening before the change and the night of it: 04:00 of the day before had another offset.
  // With that of today one message of the same day would be parted from the other.
  EXPECT_FALSE(parts(spring_boundary - kDay + kHour + 60, kSpring + 60));
  EXPECT_TRUE(parts(spring_boundary - kDay + kHour - 60, kSpring + 60));
  EXPECT_FALSE(parts(autumn_boundary - kDay - kHour + 60, kAutumn + 60));
  EXPECT_TRUE(parts(autumn_boundary - kDay - kHour - 60, kAutumn + 60));
}

TEST(DailyReset, RulesAreStateThatReplayAndSnapshotsKnow) {
  World world = at_wall(kSpring);
  EXPECT_EQ(world.zone_rules(0, {{10, 0}, {10, 60}}).code, ReplyCode::rejected);
  const State folded = fold(world.journal, world.journal.size());
  EXPECT_EQ(digest(folded).total, digest(world.state).total);
  EXPECT_FALSE(view_engine(world.state).zone_rules.empty());
  flatbuffers::FlatBufferBuilder builder;
  save_snapshot(world.state, builder);
  const KeptBody bytes{finished(builder)};
  State loaded;
  ASSERT_TRUE(load_snapshot(bytes.view(), loaded));
  EXPECT_EQ(digest(loaded).total, digest(world.state).total);
}

}  // namespace
}  // namespace spine::core
