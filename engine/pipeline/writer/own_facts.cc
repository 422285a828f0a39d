// The events that no input from outside leads to.
#include "engine/pipeline/writer/own_facts.h"

#include <cstdlib>
#include <flatbuffers/flatbuffers.h>

#include "engine/core/model/digest.h"
#include "engine/log/log.h"
#include "engine/pipeline/items/messages.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

const log::Logger kClockLog{"engine"};

// A wall clock that moved less than this against boot time was slewed, not set.
constexpr std::int64_t kJumpToleranceMs = 2'000;

fb::Bits128 to_fb(Bits128 bits) {
  return {bits.hi, bits.lo};
}

std::int64_t signed_boottime_ms() {
  return static_cast<std::int64_t>(boottime_now_ms());
}

}  // namespace

OwnFacts::OwnFacts(Decisions& decisions, Seq journal_last)
    : decisions_(decisions),
      digested_at_(journal_last.value),
      wall_minus_boot_ms_(wall_now_ms() - signed_boottime_ms()) {}

void OwnFacts::measure_clock() {
  const std::int64_t boot = signed_boottime_ms();
  const std::int64_t wall = wall_now_ms();
  const std::int64_t expected = boot + wall_minus_boot_ms_;
  if (std::llabs(wall - expected) > kJumpToleranceMs) {
    kClockLog.warn("the wall clock jumped by {} ms", wall - expected);
    flatbuffers::FlatBufferBuilder builder{128};
    builder.Finish(fb::CreateClockJumped(builder, expected, wall));
    decisions_.take_own({fb::EventBody::ClockJumped, finished(builder)});
  }
  wall_minus_boot_ms_ = wall - boot;
}

bool OwnFacts::digest_due() const {
  return decisions_.state().applied().value - digested_at_ >= limits::kDigestEveryEvents;
}

void OwnFacts::record_digest() {
  const core::StateDigest digest = core::digest(decisions_.state());
  flatbuffers::FlatBufferBuilder builder{1024};
  std::vector<flatbuffers::Offset<fb::TableDigest>> tables;
  for (std::size_t i = 0; i < digest.table_count; ++i) {
    const core::TableDigestView& table = digest.tables[i];
    const fb::Bits128 bits = to_fb(table.digest);
    tables.push_back(fb::CreateTableDigest(
        builder, builder.CreateString(table.table.data(), table.table.size()), table.rows, &bits));
  }
  const fb::Bits128 total = to_fb(digest.total);
  builder.Finish(
      fb::CreateStateDigested(builder, digest.version, &total, builder.CreateVector(tables)));
  decisions_.take_own({fb::EventBody::StateDigested, finished(builder)});
  digested_at_ = decisions_.state().applied().value;
}

void OwnFacts::record_deadline() {
  const std::uint64_t due = decisions_.state().next_deadline_ms();
  if (due == 0 || due > decisions_.now().logical_ms) return;
  flatbuffers::FlatBufferBuilder builder{64};
  builder.Finish(fb::CreateDeadlineReached(builder, due));
  decisions_.take_own({fb::EventBody::DeadlineReached, finished(builder)});
}

void OwnFacts::record_stop(const std::string& reason) {
  flatbuffers::FlatBufferBuilder builder{256};
  builder.Finish(fb::CreateEngineStoppedDirect(builder, reason.c_str()));
  decisions_.take_own({fb::EventBody::EngineStopped, finished(builder)});
}

void OwnFacts::arm(OutboxProducer& loop, const LogicalClock& clock) {
  // Most messages move a deadline further away. A timer that is early by then finds nothing due and
  // is set again, which is cheaper than telling the loop thread after every commit.
  const std::uint64_t due = decisions_.state().next_deadline_ms();
  if (due == 0 || (armed_ms_ != 0 && due >= armed_ms_)) return;
  armed_ms_ = due;
  write(loop, ArmItem{.deadline_ms = due, .now_ms = clock.now().logical_ms});
}

}  // namespace spine::pipeline
