// Facts the engine thread records by itself: clock jumps, deadlines, digests.
#include <cstdlib>
#include <cstring>
#include <flatbuffers/flatbuffers.h>

#include "engine/core/digest.h"
#include "engine/core/views.h"
#include "engine/pipeline/engine_thread.h"
#include "schemas/finished.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

// A wall clock that moved less than this against boot time was slewed, not set.
constexpr std::int64_t kJumpToleranceMs = 2'000;

fb::Bits128 to_fb(Bits128 bits) {
  return {bits.hi, bits.lo};
}

}  // namespace

void EngineThread::decide_own(std::uint16_t kind, ByteSpan body) {
  // decide() wants an aligned body, and the builder's end is not its start.
  own_body_.resize(align8(body.size()) / 8);
  std::memcpy(own_body_.data(), body.data(), body.size());
  const auto source = kind == static_cast<std::uint16_t>(fb::EventBody::ConfigApplied)
                          ? Source::config
                          : Source::engine;
  const core::Input input{
      .kind = kind,
      .source = source,
      .now = now_,
      .body = {reinterpret_cast<const std::byte*>(own_body_.data()), body.size()}};
  apply(input, InputHeader{.kind = kind, .source = static_cast<std::uint16_t>(source)});
}

void EngineThread::measure_clock() {
  if (!space_for_closing_) return;
  const std::int64_t boot = static_cast<std::int64_t>(boottime_now_ms());
  const std::int64_t wall = wall_now_ms();
  const std::int64_t expected = boot + wall_minus_boot_ms_;
  if (std::llabs(wall - expected) > kJumpToleranceMs) {
    kLog.warn("the wall clock jumped by {} ms", wall - expected);
    flatbuffers::FlatBufferBuilder builder{128};
    builder.Finish(fb::CreateClockJumped(builder, expected, wall));
    decide_own(static_cast<std::uint16_t>(fb::EventBody::ClockJumped), finished(builder));
  }
  wall_minus_boot_ms_ = wall - boot;
}

void EngineThread::record_digest() {
  const core::StateDigest digest = core::digest(state_);
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
  decide_own(static_cast<std::uint16_t>(fb::EventBody::StateDigested), finished(builder));
  digested_at_ = state_.applied().value;
}

void EngineThread::record_deadline() {
  const std::uint64_t due = state_.next_deadline_ms();
  if (due == 0 || due > now_.logical_ms) return;
  flatbuffers::FlatBufferBuilder builder{64};
  builder.Finish(fb::CreateDeadlineReached(builder, due));
  decide_own(static_cast<std::uint16_t>(fb::EventBody::DeadlineReached), finished(builder));
}

// The loop thread holds one timer: the earliest deadline of the state.
void EngineThread::arm_deadline() {
  // Most messages move a deadline further away. A timer that is early by then finds nothing due and
  // is set again, which is cheaper than telling the loop thread after every commit.
  // Without room on the disk it is tried again after the clock's next second.
  if (!space_for_closing_) return;
  const std::uint64_t due = state_.next_deadline_ms();
  if (due == 0 || (armed_ms_ != 0 && due >= armed_ms_)) return;
  armed_ms_ = due;
  write(loop_, ArmItem{.deadline_ms = due, .now_ms = clock_.now().logical_ms});
}

void EngineThread::refresh_counts() {
  // A reader that was killed would keep the file growing for ever.
  if (const auto freed = journal_.clear_dead_readers(); !freed) {
    kLog.warn("readers that ended are not cleared: {}", freed.error().message);
  }
  const core::StateCounts counts = core::count_state(state_);
  Metrics& metrics = shared_.metrics;
  metrics.sessions_open.set(counts.sessions);
  metrics.obligations_open.set(counts.obligations_open);
  metrics.duplicates_evicted_young.set(counts.duplicates_evicted_young);
  metrics.idempotency_evicted_young.set(counts.idempotency_evicted_young);
  metrics.state_bytes.set(counts.bytes);
  metrics.journal_bytes.set(journal_.file_bytes());
}

}  // namespace spine::pipeline
