// Logical time only grows, at the pace of boot time, whatever wall clock and restarts do.
#include "engine/pipeline/clock.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <flatbuffers/flatbuffers.h>
#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "engine/pipeline/items/messages.h"
#include "journal/boot_id.h"
#include "journal/journal.h"
#include "tests/unit/pipeline/gateway.h"
#include "tests/unit/pipeline/wall_clock.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
// More than a test takes between two readings, far less than any jump in it.
constexpr std::uint64_t kSlackMs{kMinuteMs};

// What an engine remembers that started `ms` ago in this boot, at that logical time.
core::EngineMemory started(std::uint64_t ms, std::uint64_t logical_ms) {
  core::EngineMemory memory{};
  memory.boot_id = journal::boot_id();
  memory.boottime_ms = boottime_now_ms() - ms;
  memory.start_logical_ms = logical_ms;
  memory.started = Seq{1};
  return memory;
}

// The same, but the machine was started again since.
core::EngineMemory started_before_this_boot(std::uint64_t logical_ms) {
  core::EngineMemory memory = started(0, logical_ms);
  memory.boot_id.lo ^= 1;
  return memory;
}

Instant event_at(std::int64_t wall_ms, std::uint64_t logical_ms) {
  return {.wall_ms = wall_ms, .logical_ms = logical_ms};
}

LogicalClock clock_of(const core::EngineMemory& memory, Instant last) {
  LogicalClock clock;
  clock.start(memory, last);
  return clock;
}

void expect_about(std::uint64_t actual, std::uint64_t expected) {
  EXPECT_GE(actual, expected);
  EXPECT_LT(actual, expected + kSlackMs);
}

TEST(LogicalClockTest, ANewJournalBeginsAtZero) {
  expect_about(clock_of({}, {}).now().logical_ms, 0);
}

TEST(LogicalClockTest, GrowsAsBootTimeDoes) {
  const std::uint64_t before = boottime_now_ms();
  const LogicalClock clock = clock_of({}, {});
  const std::uint64_t after = boottime_now_ms();
  std::uint64_t last = 0;
  while (boottime_now_ms() < after + 20) {
    const std::uint64_t earliest = boottime_now_ms();
    const std::uint64_t now = clock.now().logical_ms;
    const std::uint64_t latest = boottime_now_ms();
    EXPECT_GE(now, last);
    EXPECT_GE(now, earliest - after);
    EXPECT_LE(now, latest - before);
    last = now;
  }
  EXPECT_GT(last, 0U);
}

TEST(LogicalClockTest, SurvivesAJumpOfTheWallClock) {
  WallClock wall;
  const LogicalClock clock = clock_of({}, {});
  std::uint64_t last = clock.now().logical_ms;
  for (const std::int64_t ahead_ms : {kHourMs, -24 * kHourMs, std::int64_t{0}}) {
    const std::int64_t before = clock.now().wall_ms;
    wall.set_ahead_by(ahead_ms);
    const Instant now = clock.now();
    EXPECT_GE(std::abs(now.wall_ms - before), kHourMs - std::int64_t{kSlackMs});
    EXPECT_GE(now.logical_ms, last);
    EXPECT_LT(now.logical_ms, last + kSlackMs);
    last = now.logical_ms;
  }
}

TEST(LogicalClockTest, ARestartCountsTheBootTimeThatPassed) {
  // The wall clock says a day, and is not asked.
  const Instant last = event_at(wall_now_ms() - 24 * kHourMs, 120'000);
  expect_about(clock_of(started(500'000, 100'000), last).now().logical_ms, 600'000);
}

TEST(LogicalClockTest, ARestartAfterTheWallClockWasSetBackGoesOn) {
  const Instant last = event_at(wall_now_ms() + 24 * kHourMs, 120'000);
  expect_about(clock_of(started(500'000, 100'000), last).now().logical_ms, 600'000);
}

TEST(LogicalClockTest, NeverBeginsBeforeTheLastEvent) {
  const Instant last = event_at(wall_now_ms(), 9'000'000);
  expect_about(clock_of(started(1'000, 100'000), last).now().logical_ms, 9'000'000);
}

TEST(LogicalClockTest, AnotherBootCountsTheWallTimeSinceTheLastEvent) {
  const Instant last = event_at(wall_now_ms() - kHourMs, 120'000);
  expect_about(clock_of(started_before_this_boot(100'000), last).now().logical_ms,
               120'000 + std::uint64_t{kHourMs});
}

TEST(LogicalClockTest, AnotherBootWithAWallClockSetBackGoesOnFromTheLastEvent) {
  const Instant last = event_at(wall_now_ms() + kHourMs, 120'000);
  expect_about(clock_of(started_before_this_boot(100'000), last).now().logical_ms, 120'000);
}

TEST(LogicalClockTest, ABootTimeThatIsBehindTheRecordedOneIsAnotherBoot) {
  core::EngineMemory memory = started(0, 100'000);
  memory.boottime_ms = boottime_now_ms() + std::uint64_t{kHourMs};
  const Instant last = event_at(wall_now_ms() - 2 * kHourMs, 120'000);
  expect_about(clock_of(memory, last).now().logical_ms, 120'000 + 2 * std::uint64_t{kHourMs});
}

TEST(LogicalClockTest, AnUnreadableBootIdIsAnotherBoot) {
  core::EngineMemory memory = started(500'000, 100'000);
  memory.boot_id = {};
  const Instant last = event_at(wall_now_ms(), 120'000);
  expect_about(clock_of(memory, last).now().logical_ms, 120'000);
}

// Every event of the journal, in order.
void for_each_event(const std::filesystem::path& dir,
                    const std::function<void(const EventView&)>& use) {
  journal::Reader reader = *journal::Reader::open_read_only(dir / "journal");
  for (Seq seq{1}; seq <= reader.last(); seq = next(seq)) {
    const auto block = reader.block_of(seq);
    ASSERT_TRUE(block) << block.error().message;
    use(block->event(static_cast<std::uint32_t>(seq.value - block->first().value)));
  }
}

TEST_F(EngineTest, AWallClockThatIsSetIsAFactOfItsOwn) {
  WallClock wall;
  Gateway gateway{dir_, "none"};
  const auto measure_ahead_by = [&](std::int64_t ms) {
    wall.set_ahead_by(ms);
    gateway.push(input_kind::kMeasureClock, {}, 0);
    gateway.digest();
  };
  measure_ahead_by(1'000);  // as a time server does it, little by little
  measure_ahead_by(kHourMs);
  measure_ahead_by(kHourMs);
  measure_ahead_by(-kHourMs);
  gateway.stop();
  std::vector<std::int64_t> jumps;
  for_each_event(dir_, [&](const EventView& event) {
    if (event.header.kind != kind_of(fb::EventBody::ClockJumped)) return;
    const auto* body = flatbuffers::GetRoot<fb::ClockJumped>(event.body.data());
    jumps.push_back(body->actual_wall_ms() - body->expected_wall_ms());
    EXPECT_LT(std::abs(event.header.wall_ms - body->actual_wall_ms()), kMinuteMs);
  });
  ASSERT_EQ(jumps.size(), 2U);
  EXPECT_LT(std::abs(jumps[0] - kHourMs), kMinuteMs);
  EXPECT_LT(std::abs(jumps[1] + 2 * kHourMs), kMinuteMs);
}

TEST_F(EngineTest, LogicalTimeGoesOnOverARestartOnAnotherDate) {
  WallClock wall;
  for (const std::int64_t ahead_ms : {std::int64_t{0}, 24 * kHourMs, -24 * kHourMs}) {
    wall.set_ahead_by(ahead_ms);
    Gateway gateway{dir_, "none"};
    gateway.message(1, "ann", "m" + std::to_string(ahead_ms), "hello");
    gateway.flush();
    EXPECT_EQ(gateway.reply().code, core::ReplyCode::accepted);
  }
  std::uint64_t last = 0;
  std::int64_t earliest = wall_now_ms();
  std::int64_t latest = earliest;
  for_each_event(dir_, [&](const EventView& event) {
    EXPECT_GE(event.header.logical_ms, last) << "at " << event.seq.value;
    last = event.header.logical_ms;
    earliest = std::min(earliest, event.header.wall_ms);
    latest = std::max(latest, event.header.wall_ms);
  });
  EXPECT_LT(last, std::uint64_t{kHourMs});
  EXPECT_GT(latest - earliest, 47 * kHourMs) << "the wall clock was set at all";
}

}  // namespace
}  // namespace spine::pipeline
