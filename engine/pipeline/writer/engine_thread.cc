// The turn of the engine thread: drain, decide, commit, publish, in this order and no other.
#include "engine/pipeline/writer/engine_thread.h"

#include <algorithm>
#include <chrono>
#include <flatbuffers/flatbuffers.h>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "engine/core/model/evolve.h"
#include "engine/core/model/kinds.h"
#include "engine/core/model/views.h"
#include "engine/log/log.h"
#include "schemas/fields.h"
#include "schemas/vocab/limits.h"

namespace spine::pipeline {
namespace {

// Longest sleep: the loop thread's clock input comes every second anyway.
constexpr std::uint32_t kParkMs = 2'000;
constexpr std::chrono::milliseconds kNoRoomPause{100};
// What one input can add to the journal beyond its own bytes: headers and derived events.
constexpr std::size_t kDerivedBytesPerInput = 4 * limits::kKiB;
// What must be free before inputs are taken again from a full disk, besides the reserve.
constexpr std::size_t kResumeBytes = limits::kSpaceReservedBytes;

// Runs interrupted in one commit after a start: each may lead to several events.
constexpr std::size_t kInterruptsPerCommit = 512;

const log::Logger kEngineLog{"engine"};

// What inputs may add to the journal.
std::size_t space_for(std::size_t input_bytes, std::uint64_t input_count) {
  return 2 * input_bytes + static_cast<std::size_t>(input_count) * kDerivedBytesPerInput +
         2 * limits::kBlockBytes;
}

std::string_view why_interrupted(fb::InterruptReason reason) {
  return reason == fb::InterruptReason::gateway_crash
             ? "The gateway crashed while the agent worked on this message."
             : "The gateway stopped while the agent worked on this message.";
}

// What becomes of an open obligation of the process before, as an input built in `body`.
OwnInput interrupted(const core::Effect& open, fb::InterruptReason reason,
                     flatbuffers::FlatBufferBuilder& body) {
  if (open.kind != core::EffectKind::deliver) {
    const auto message = body.CreateString(why_interrupted(reason));
    body.Finish(fb::CreateRunInterrupted(body, open.run.value, reason, message));
    return {fb::EventBody::RunInterrupted, finished(body)};
  }
  // Before an orderly stop the channels say what became of what they had begun.
  const bool crashed = reason == fb::InterruptReason::gateway_crash;
  const auto why = body.CreateString(crashed ? "The gateway crashed while this was being sent."
                                             : "The gateway was stopped.");
  body.Finish(fb::CreateDeliveryFailed(
      body, open.delivery.value, open.id.seq.value,
      crashed ? fb::DeliveryFailure::unknown : fb::DeliveryFailure::not_ready, why));
  return {fb::EventBody::DeliveryFailed, finished(body)};
}

}  // namespace

EngineThread::EngineThread(Shared& shared, Ingress& ingress, Outlets outlets,
                           journal::Journal& journal, core::State state, LogicalClock clock)
    : shared_(shared),
      ingress_(ingress),
      journal_(journal),
      clock_(clock),
      out_(std::move(outlets)),
      decisions_(shared, out_, std::move(state)),
      queries_(shared, out_, decisions_.state(), journal),
      facts_(decisions_, journal.last()) {}

Status EngineThread::run() {
  while (!stopping_) {
    Status done = turn();
    if (!done) return done;
  }
  return finish();
}

Status EngineThread::turn() {
  blocks_.clear();
  if (postponed_.bytes() > limits::kPostponedBytesMax) {
    // The disk is full and the postponed inputs are at their bound: no intake until there is room.
    std::this_thread::sleep_for(kNoRoomPause);
  } else {
    ingress_.drain(blocks_, limits::kDrainBytesMax);
    if (blocks_.empty()) {
      ingress_.wait(kParkMs);
      ingress_.drain(blocks_, limits::kDrainBytesMax);
    }
  }
  SPINE_TRY_STATUS(process());
  shared_.engine_turn_ms.store(boottime_now_ms(), std::memory_order_relaxed);
  return ok();
}

// Decides what was postponed and all inputs of blocks_, commits, and publishes what came of it.
Status EngineThread::process() {
  decisions_.set_now(clock_.now());
  std::size_t bytes = 0;
  std::uint64_t count = 0;
  for (const IngressBlock* block : blocks_) {
    bytes += block->bytes();
    count += block->count();
  }
  reserve_space(bytes, count);
  decisions_.begin(next(journal_.last()));
  SPINE_TRY_STATUS(take_postponed(space_for(bytes, count)));
  Status settled = ok();
  for (const IngressBlock* block : blocks_) {
    block->for_each(
        core::kPrefetchAhead,
        [this](const InputHeader& header, ByteSpan body) {
          core::prefetch(state(), header.kind, body);
        },
        [&](const InputHeader& header, ByteSpan body) {
          if (!settled) return;
          handle(header, body);
          if (out_.net.held_bytes() > limits::kTurnOutputBytesMax) settled = settle();
        });
  }
  SPINE_TRY_STATUS(settled);
  if (facts_.digest_due()) facts_.record_digest();
  SPINE_TRY_STATUS(settle());
  for (IngressBlock* block : blocks_)
    ingress_.recycle(block);
  return ok();
}

// Commits what was decided, publishes it, and begins the next batch.
Status EngineThread::settle() {
  SPINE_TRY_STATUS(commit());
  publish();
  decisions_.begin(next(journal_.last()));
  return ok();
}

// False while the disk is too full for new inputs. Logs when that changes. With hysteresis: once
// inputs are refused, there must be room for many before any is taken again, or small inputs would
// be accepted between large ones that are refused.
bool EngineThread::reserve_space(std::size_t input_bytes, std::uint64_t input_count) {
  const std::size_t bytes = space_for(input_bytes, input_count);
  const Status intake = journal_.ensure_space(
      space_for_intake_ ? bytes : std::max(bytes, kResumeBytes), journal::SpaceClass::intake);
  space_for_closing_ =
      intake.has_value() || journal_.ensure_space(bytes, journal::SpaceClass::closing).has_value();
  if (intake.has_value() != space_for_intake_) {
    space_for_intake_ = intake.has_value();
    shared_.disk_full.store(space_for_intake_ ? 0 : 1, std::memory_order_relaxed);
    if (space_for_intake_) {
      kEngineLog.info("there is room on the disk again: inputs are accepted");
    } else {
      kEngineLog.error("inputs are refused: {}", intake.error().message);
    }
  }
  return space_for_intake_;
}

// Decides the oldest postponed inputs, as many as there is room for beside `reserved` bytes. Stops
// at the first that does not fit, to keep the order: a run must not end before what was done in it.
Status EngineThread::take_postponed(std::size_t reserved) {
  std::size_t undurable = 0;
  std::size_t wanted = reserved;
  while (!postponed_.empty()) {
    wanted += space_for(postponed_.oldest().bytes(), 1);
    const auto space_class = Postponed::closes(postponed_.oldest()) ? journal::SpaceClass::closing
                                                                    : journal::SpaceClass::intake;
    if (!journal_.ensure_space(wanted, space_class)) return ok();
    const IngressBlock input = postponed_.take();
    input.for_each(
        [this](const InputHeader& header, ByteSpan body) { decisions_.take(header, body); });
    undurable += input.bytes();
    if (undurable <= limits::kDrainBytesMax &&
        out_.net.held_bytes() <= limits::kTurnOutputBytesMax) {
      continue;
    }
    SPINE_TRY_STATUS(settle());
    undurable = 0;
    wanted = reserved;
  }
  return ok();
}

// Before the thread ends: drops postponed inputs that end nothing, to have room for the others.
Status EngineThread::end_postponed() {
  if (postponed_.empty()) return ok();
  const std::size_t lost = postponed_.keep_closing();
  SPINE_TRY_STATUS(process());
  kEngineLog.error(
      "the disk is full: {} things that agents did, {} results and ends are not recorded", lost,
      postponed_.count());
  return ok();
}

void EngineThread::handle(const InputHeader& header, ByteSpan body) {
  if (input_kind::journalled(header.kind)) return handle_journalled(header, body);
  switch (header.kind) {
    case input_kind::kRunDelta:
      return queries_.forward_delta(header, as_text(body));
    case input_kind::kStop:
      stopping_ = true;
      stop_reason_ = as_text(body);
      return;
    case input_kind::kDeadline:
      facts_.disarm();
      // What is due may begin something: it waits for more room than ends need.
      if (space_for_intake_) facts_.record_deadline();
      return;
    case input_kind::kMeasureClock:
      if (space_for_closing_) facts_.measure_clock();
      return refresh_counts();
    default:
      return queries_.answer(header, as_text(body), decisions_.now());
  }
}

void EngineThread::handle_journalled(const InputHeader& header, ByteSpan body) {
  const bool room = core::kind_of(header.kind).closes ? space_for_closing_ : space_for_intake_;
  // Earlier inputs of agents and channels wait for room, and a later one must not overtake them;
  // but what became of a delivery needs no order with messages.
  const auto source = static_cast<Source>(header.source);
  const bool ordered =
      source == Source::agent || (source == Source::channel && !core::kind_of(header.kind).closes);
  const bool behind = ordered && !header.connection && postponed_.has(source);
  if (room && !behind) return decisions_.take(header, body);
  if (!room) shared_.metrics.journal_space_refusals.add();
  if (!header.connection) return postponed_.add(header, body);  // it waits here until there is room
  core::Reply refused{};
  refused.code = core::ReplyCode::no_space;
  refused.retry_after_ms = 1'000;
  decisions_.refuse(header, refused);
}

Status EngineThread::commit() {
  journal::Batch& batch = decisions_.batch();
  if (batch.empty()) return ok();
  const std::uint64_t began = monotonic_now_us();
  const std::uint64_t count = batch.count();
  SPINE_TRY(const Seq durable, journal_.commit(batch));
  Metrics& metrics = shared_.metrics;
  metrics.journal_commit.observe(monotonic_now_us() - began);
  metrics.journal_batch_events.observe(count);
  metrics.journal_head_seq.set(journal_.last().value);
  metrics.journal_durable_seq.set(durable.value);
  return ok();
}

// The only place where results leave the thread; called only after commit() succeeded.
void EngineThread::publish() {
  // Without room on the disk a deadline is tried again after the clock's next second.
  if (space_for_closing_) facts_.arm(out_.loop, clock_);
  out_.release(journal_.durable());
}

Status EngineThread::commit_now(std::span<const OwnInput> inputs) {
  decisions_.set_now(clock_.now());
  std::size_t bytes = 0;
  for (const OwnInput& input : inputs)
    bytes += input.body.size();
  SPINE_TRY_STATUS(
      journal_.ensure_space(space_for(bytes, inputs.size()), journal::SpaceClass::closing));
  decisions_.begin(next(journal_.last()));
  for (const OwnInput& input : inputs)
    decisions_.take_own(input);
  return commit();
}

Result<std::uint32_t> EngineThread::interrupt_work(fb::InterruptReason reason) {
  core::Effects open;
  core::open_obligations(state(), open);
  for (std::size_t first = 0; first < open.size(); first += kInterruptsPerCommit) {
    const std::size_t count = std::min(open.size() - first, kInterruptsPerCommit);
    std::vector<flatbuffers::FlatBufferBuilder> bodies(count);
    std::vector<OwnInput> inputs;
    for (std::size_t i = 0; i < count; ++i) {
      inputs.push_back(interrupted(open[first + i], reason, bodies[i]));
    }
    SPINE_TRY_STATUS(commit_now(inputs));
  }
  return static_cast<std::uint32_t>(open.size());
}

// Drains the inputs that came in before the stop, records the stop and tells the other threads.
Status EngineThread::finish() {
  shared_.phase.store(Phase::stopping, std::memory_order_release);
  do {
    blocks_.clear();
    ingress_.drain(blocks_, limits::kDrainBytesMax);
    SPINE_TRY_STATUS(process());
  } while (!blocks_.empty());
  SPINE_TRY_STATUS(end_postponed());
  decisions_.set_now(clock_.now());
  decisions_.begin(next(journal_.last()));
  if (reserve_space(limits::kKiB, 2)) facts_.record_digest();
  // With outcomes unrecorded it was no orderly stop: what they ended counts as cut off.
  if (space_for_closing_ && postponed_.empty()) facts_.record_stop(stop_reason_);
  SPINE_TRY_STATUS(commit());
  write(out_.net, StoppingItem{stop_reason_});
  write(out_.loop, StoppingItem{stop_reason_});
  publish();
  return ok();
}

void EngineThread::refresh_counts() {
  // A reader that was killed would keep the file growing for ever.
  if (const auto freed = journal_.clear_dead_readers(); !freed) {
    kEngineLog.warn("readers that ended are not cleared: {}", freed.error().message);
  }
  const core::StateCounts counts = core::count_state(state());
  Metrics& metrics = shared_.metrics;
  metrics.sessions_open.set(counts.sessions);
  metrics.obligations_open.set(counts.obligations_open);
  metrics.deliveries_waiting.set(counts.deliveries_waiting);
  metrics.dead_letters.set(counts.dead_letters);
  metrics.duplicates_evicted_young.set(counts.duplicates_evicted_young);
  metrics.idempotency_evicted_young.set(counts.idempotency_evicted_young);
  metrics.state_bytes.set(counts.bytes);
  metrics.journal_bytes.set(journal_.file_bytes());
  report_channels();
}

void EngineThread::report_channels() {
  std::vector<core::ChannelLoad> loads;
  core::list_channel_loads(state(), loads);
  if (loads.empty()) return;
  auto report = std::make_unique<ChannelLoadsReport>();
  for (const core::ChannelLoad& load : loads) {
    report->channels.push_back({.name = std::string(load.name),
                                .account = std::string(load.account),
                                .state = fb::EnumNameChannelState(load.state),
                                .waiting = load.waiting,
                                .dead_letters = load.dead_letters,
                                .oldest_wall_ms = load.oldest_wall_ms});
  }
  shared_.channel_loads.put(std::move(report));
}

}  // namespace spine::pipeline
