// The turn of the engine thread: drain, decide, commit, publish, in this order and no other.
#include "engine/pipeline/engine_thread.h"

#include <chrono>
#include <cstring>
#include <flatbuffers/flatbuffers.h>
#include <thread>
#include <utility>

#include "engine/core/evolve.h"
#include "engine/core/kinds.h"
#include "schemas/finished.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

// Longest sleep: the loop thread's clock input comes every second anyway.
constexpr std::uint32_t kParkMs = 2'000;
constexpr std::chrono::milliseconds kNoRoomPause{100};
// What one input can add to the journal beyond its own bytes: headers and derived events.
constexpr std::size_t kDerivedBytesPerInput = 4 * limits::kKiB;
// What must be free before inputs are taken again from a full disk, besides the reserve.
constexpr std::size_t kResumeBytes = limits::kSpaceReservedBytes;

// Whether the input ends something: it may use the space that is kept for that.
bool closes_something(std::uint16_t kind) {
  return core::kind_of(kind).closes;
}

// Of an input that was postponed.
InputHeader header_of(const std::vector<std::uint64_t>& words) {
  return load<InputHeader>(reinterpret_cast<const std::byte*>(words.data()));
}

}  // namespace

EngineThread::EngineThread(Shared& shared, Ingress& ingress, OutboxProducer& net,
                           OutboxProducer& loop, Follower& follower, journal::Journal& journal,
                           core::State state, LogicalClock clock)
    : shared_(shared),
      ingress_(ingress),
      net_(net),
      loop_(loop),
      follower_(follower),
      journal_(journal),
      state_(std::move(state)),
      clock_(clock) {
  digested_at_ = journal_.last().value;
  wall_minus_boot_ms_ = wall_now_ms() - static_cast<std::int64_t>(boottime_now_ms());
}

Status EngineThread::run() {
  while (!stopping_) {
    Status done = turn();
    if (!done) return done;
  }
  return finish();
}

Status EngineThread::turn() {
  blocks_.clear();
  if (postponed_bytes_ > limits::kPostponedBytesMax) {
    // The disk is full and memory is spoken for: nothing more is taken in until there is room.
    std::this_thread::sleep_for(kNoRoomPause);
  } else {
    ingress_.drain(blocks_, limits::kDrainBytesMax);
    if (blocks_.empty()) {
      ingress_.wait(kParkMs);
      ingress_.drain(blocks_, limits::kDrainBytesMax);
    }
  }
  ++turns_;
  SPINE_TRY_STATUS(process());
  shared_.engine_turn_ms.store(boottime_now_ms(), std::memory_order_relaxed);
  return ok();
}

// Decides all inputs of blocks_, and what was postponed, and lets what came of it out.
Status EngineThread::process() {
  now_ = clock_.now();
  std::size_t bytes = 0;
  std::uint64_t count = 0;
  for (const IngressBlock* block : blocks_) {
    bytes += block->bytes();
    count += block->count();
  }
  reserve_space(bytes, count);
  batch_.begin(next(journal_.last()));
  SPINE_TRY_STATUS(take_postponed(space_for(bytes, count)));
  Status settled = ok();
  for (const IngressBlock* block : blocks_) {
    block->for_each(
        core::kPrefetchAhead,
        [this](const InputHeader& header, ByteSpan body) {
          core::prefetch(state_, header.kind, body);
        },
        [&](const InputHeader& header, ByteSpan body) {
          if (!settled) return;
          handle(header, body);
          if (net_.held_bytes() > limits::kTurnOutputBytesMax) settled = settle();
        });
  }
  SPINE_TRY_STATUS(settled);
  if (state_.applied().value - digested_at_ >= limits::kDigestEveryEvents) record_digest();
  SPINE_TRY_STATUS(settle());
  for (IngressBlock* block : blocks_)
    ingress_.recycle(block);
  return ok();
}

// Makes what was decided durable, lets it out, and begins anew.
Status EngineThread::settle() {
  SPINE_TRY_STATUS(commit());
  publish();
  batch_.begin(next(journal_.last()));
  return ok();
}

// What inputs may add to the journal.
std::size_t EngineThread::space_for(std::size_t input_bytes, std::uint64_t input_count) {
  return 2 * input_bytes + static_cast<std::size_t>(input_count) * kDerivedBytesPerInput +
         2 * limits::kBlockBytes;
}

// False while the disk is too full for new inputs. Says so once when it changes. Once inputs are
// refused, there must be room for many before they are taken again: what one small input needs may
// be there between two large ones, and clients would be told now this, now that.
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
      kLog.info("there is room on the disk again: inputs are accepted");
    } else {
      kLog.error("inputs are refused: {}", intake.error().message);
    }
  }
  return space_for_intake_;
}

// An input that finds no room, or is behind one, and that nobody can be told about.
void EngineThread::postpone(const InputHeader& header, ByteSpan body) {
  auto& words = postponed_.emplace_back((sizeof(InputHeader) + align8(body.size())) / 8);
  auto* at = reinterpret_cast<std::byte*>(words.data());
  InputHeader sized = header;
  sized.bytes = static_cast<std::uint32_t>(body.size());
  store(at, sized);
  std::memcpy(at + sizeof(InputHeader), body.data(), body.size());
  postponed_bytes_ += words.size() * 8;
}

// Decides the oldest postponed inputs, as many as there is room for beside `reserved` bytes. The
// first that finds none keeps the others waiting, or a run would end before what was done in it.
Status EngineThread::take_postponed(std::size_t reserved) {
  std::size_t undurable = 0;
  std::size_t wanted = reserved;
  while (!postponed_.empty()) {
    const std::size_t bytes = postponed_.front().size() * 8;
    wanted += space_for(bytes, 1);
    const auto space_class = closes_something(header_of(postponed_.front()).kind)
                                 ? journal::SpaceClass::closing
                                 : journal::SpaceClass::intake;
    if (!journal_.ensure_space(wanted, space_class)) return ok();
    const std::vector<std::uint64_t> words = std::move(postponed_.front());
    postponed_.pop_front();
    postponed_bytes_ -= bytes;
    const InputHeader header = header_of(words);
    const auto* at = reinterpret_cast<const std::byte*>(words.data());
    decide_input(header, {at + sizeof(InputHeader), header.bytes});
    undurable += bytes;
    if (undurable <= limits::kDrainBytesMax && net_.held_bytes() <= limits::kTurnOutputBytesMax) {
      continue;
    }
    SPINE_TRY_STATUS(settle());
    undurable = 0;
    wanted = reserved;
  }
  return ok();
}

// Before the thread ends: what ends something is not lost behind what only adds to it.
Status EngineThread::end_postponed() {
  if (postponed_.empty()) return ok();
  const std::size_t lost = std::erase_if(postponed_, [this](const auto& words) {
    if (closes_something(header_of(words).kind)) return false;
    postponed_bytes_ -= words.size() * 8;
    return true;
  });
  SPINE_TRY_STATUS(process());
  kLog.error("the disk is full: {} things that agents did, {} results and ends are not recorded",
             lost, postponed_.size());
  return ok();
}

void EngineThread::handle(const InputHeader& header, ByteSpan body) {
  if (input_kind::journalled(header.kind)) {
    handle_journalled(header, body);
    return;
  }
  switch (header.kind) {
    case input_kind::kRunDelta:
      forward_delta(header, as_text(body));
      break;
    case input_kind::kStop:
      stopping_ = true;
      stop_reason_ = as_text(body);
      break;
    case input_kind::kDeadline:
      armed_ms_ = 0;
      if (space_for_closing_) record_deadline();
      break;
    case input_kind::kMeasureClock:
      measure_clock();
      refresh_counts();
      break;
    default:
      answer_query(header, as_text(body));
  }
}

void EngineThread::handle_journalled(const InputHeader& header, ByteSpan body) {
  const bool room = closes_something(header.kind) ? space_for_closing_ : space_for_intake_;
  // What agents did before waits for room: what they do is told in the order in which they did it.
  const bool behind = !postponed_.empty() && !header.connection &&
                      header.source == static_cast<std::uint16_t>(Source::agent);
  if (room && !behind) return decide_input(header, body);
  if (!room) shared_.metrics.journal_space_refusals.add();
  if (!header.connection) return postpone(header, body);  // it waits here until there is room
  core::Reply refused{};
  refused.code = core::ReplyCode::no_space;
  refused.retry_after_ms = 1'000;
  reply(header, refused);
}

void EngineThread::decide_input(const InputHeader& header, ByteSpan whole) {
  const NamedInput named = take_apart(header, whole);
  core::Input input{.kind = header.kind,
                    .source = static_cast<Source>(header.source),
                    .principal = PrincipalId{header.principal},
                    .now = now_,
                    .body = named.body};
  if (named.names.session_key.empty()) return apply(input, header);
  core::KeyBuffer key;
  if (find_named(named.names, input, key)) return apply(input, header, key.view());
  core::Reply refused{};
  refused.code =
      key.view().empty() ? core::ReplyCode::malformed_key : core::ReplyCode::nothing_to_do;
  reply(header, refused, key.view());
}

// What the names of an input stand for in the state it is decided on. A session that is not there
// is for the rule of the input to refuse. False, without a key: it stands for nothing; with one:
// the run is over, or none of the session's.
bool EngineThread::find_named(const InputNames& names, core::Input& input, core::KeyBuffer& key) {
  if (!core::find_typed_key(state_, names.session_key, key)) {
    key.clear();
    return false;
  }
  input.session = core::find_session(state_, key.view());
  if (names.run_key.empty()) return true;
  core::RunView run{};
  const bool open =
      core::view_run(state_, core::find_run(state_, names.run_key), run) && !run.ended;
  input.run = run.id;
  return open && input.session && run.session == input.session;
}

Status EngineThread::commit() {
  if (batch_.empty()) return ok();
  const std::uint64_t began = monotonic_now_us();
  const std::uint64_t count = batch_.count();
  SPINE_TRY(const Seq durable, journal_.commit(batch_));
  Metrics& metrics = shared_.metrics;
  metrics.journal_commit.observe(monotonic_now_us() - began);
  metrics.journal_batch_events.observe(count);
  metrics.journal_head_seq.set(journal_.last().value);
  metrics.journal_durable_seq.set(durable.value);
  return ok();
}

// Only here does anything leave the thread, and only after commit() said ok.
void EngineThread::publish() {
  arm_deadline();
  net_.flush();
  loop_.flush();
  for (const ReadRequest& read : reads_)
    follower_.ask(read);
  follower_.advance(journal_.durable(),
                    reads_.empty() ? Follower::Hurry::no : Follower::Hurry::yes);
  reads_.clear();
}

Status EngineThread::commit_now(std::span<const OwnInput> inputs) {
  now_ = clock_.now();
  std::size_t bytes = 0;
  for (const OwnInput& input : inputs)
    bytes += input.body.size();
  SPINE_TRY_STATUS(
      journal_.ensure_space(space_for(bytes, inputs.size()), journal::SpaceClass::closing));
  batch_.begin(next(journal_.last()));
  for (const OwnInput& input : inputs)
    decide_own(input.kind, input.body);
  return commit();
}

// Everything that came in before the stop is durable; what is left is to say so.
Status EngineThread::finish() {
  shared_.phase.store(Phase::stopping, std::memory_order_release);
  do {
    blocks_.clear();
    ingress_.drain(blocks_, limits::kDrainBytesMax);
    SPINE_TRY_STATUS(process());
  } while (!blocks_.empty());
  SPINE_TRY_STATUS(end_postponed());
  now_ = clock_.now();
  batch_.begin(next(journal_.last()));
  if (reserve_space(limits::kKiB, 2)) record_digest();
  if (space_for_closing_) {
    flatbuffers::FlatBufferBuilder builder{256};
    builder.Finish(fb::CreateEngineStoppedDirect(builder, stop_reason_.c_str()));
    decide_own(static_cast<std::uint16_t>(fb::EventBody::EngineStopped), finished(builder));
  }
  SPINE_TRY_STATUS(commit());
  write(net_, StoppingItem{stop_reason_});
  write(loop_, StoppingItem{stop_reason_});
  publish();
  return ok();
}

}  // namespace spine::pipeline
