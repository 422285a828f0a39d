// The follower's loop: fold, compare digests, index, snapshot, answer.
#include "engine/pipeline/follower/follower.h"

#include <flatbuffers/flatbuffers.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

#include "engine/core/model/digest.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/snapshot.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "engine/pipeline/follower/delivery_reader.h"
#include "engine/pipeline/follower/gap_reader.h"
#include "engine/pipeline/follower/indexed_events.h"
#include "engine/pipeline/follower/journal_pages.h"
#include "engine/pipeline/follower/prompt_reader.h"
#include "engine/pipeline/items/outbox_sink.h"
#include "engine/pipeline/recovery.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

const log::Logger kFollowerLog{"follower"};

// Blocks folded before the index is committed and requests are looked at.
constexpr int kBlocksPerTurn = 64;
// Every turn has a cost of its own (two switches of threads, a commit of the index), so under load
// the blocks of several commits are gathered for one.
constexpr std::uint32_t kGatherMs = 10;
constexpr std::uint32_t kSleepMs = 1'000;
// Lower than the threads people wait for.
constexpr int kNice = 10;

}  // namespace

Follower::Follower(Shared& shared, OutboxProducer& net, OutboxProducer& loop)
    : shared_(shared), net_(net), loop_(loop), check_(shared.metrics), media_(shared) {}

Follower::~Follower() = default;

Status Follower::open(const Options& options, journal::Reader reader) {
  epoch_ = options.epoch;
  snapshot_every_ = options.snapshot_every;
  reader_.emplace(std::move(reader));
  SPINE_TRY(auto store, journal::SnapshotStore::open(options.state_dir / "snapshots"));
  snapshots_.emplace(std::move(store));
  index_.emplace(
      FollowerIndex::Options{
          .dir = options.state_dir / "index", .epoch = options.epoch, .boot = options.boot},
      options.journal_last);
  durable_.store(options.journal_last.value, std::memory_order_relaxed);
  return ok();
}

void Follower::start(std::function<void(const Error&)> fatal) {
  fatal_ = std::move(fatal);
  shared_.follower_turn_ms.store(boottime_now_ms(), std::memory_order_relaxed);
  thread_ = std::thread([this] { run(); });
}

void Follower::advance(Seq durable, Hurry hurry) {
  durable_.store(durable.value, std::memory_order_release);
  // Relaxed: a stale value costs a needless wake-up, or a few milliseconds of delay.
  if (hurry == Hurry::no && gathering_.load(std::memory_order_relaxed)) return;
  wakeup_.wake();
}

void Follower::ask(const ReadRequest& request) {
  requests_.enqueue(request);
}

void Follower::finish() {
  finishing_.store(true, std::memory_order_release);
  wakeup_.wake();
}

void Follower::join() {
  if (thread_.joinable()) thread_.join();
}

void Follower::run() {
  ::pthread_setname_np(::pthread_self(), "follower");
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
  std::vector<std::string> notes;
  snapshot_ = load_latest_snapshot(*snapshots_, *reader_, state_, notes);
  snapshot_tried_ = snapshot_;
  for (const std::string& note : notes)
    kFollowerLog.warn("{}", note);
  shared_.metrics.snapshot_seq.set(snapshot_.value);
  while (true) {
    const bool finishing = finishing_.load(std::memory_order_acquire);
    Status turn = index_up_to(state_.applied());
    if (turn) turn = catch_up();
    if (turn) turn = answer_requests();
    const bool caught_up = state_.applied().value >= durable_.load(std::memory_order_acquire);
    if (turn && finishing && caught_up) {
      write_snapshot();
      index_->close();
      return;
    }
    if (!turn) {
      fatal_(turn.error());
      return;
    }
    shared_.follower_turn_ms.store(boottime_now_ms(), std::memory_order_relaxed);
    if (!caught_up) continue;
    check_.work(*reader_, boottime_now_ms(), wall_now_ms());
    media_.work(*reader_, state_);
    reader_->release();
    sleep();
  }
}

// Sleeps until there is work; then, unless a request waits, a little longer to gather a batch.
void Follower::sleep() {
  const auto wanted = [this] {
    return requests_.size_approx() != 0 || finishing_.load(std::memory_order_acquire);
  };
  wakeup_.wait(
      [&] { return durable_.load(std::memory_order_acquire) > state_.applied().value || wanted(); },
      kSleepMs);
  gathering_.store(true, std::memory_order_relaxed);
  wakeup_.wait(wanted, kGatherMs);
  gathering_.store(false, std::memory_order_relaxed);
}

// An index that is behind the state (of a snapshot, or after a failure) needs the blocks in
// between, but no fold. What is missing when the daemon stops is added after the next start.
Status Follower::index_up_to(Seq last) {
  while (index_->wants(last) && !finishing_.load(std::memory_order_acquire)) {
    SPINE_TRY_STATUS(reader_->renew());
    SPINE_TRY_STATUS(index_->feed(*reader_, last));
    shared_.follower_turn_ms.store(boottime_now_ms(), std::memory_order_relaxed);
  }
  return ok();
}

Status Follower::catch_up() {
  const Seq durable{durable_.load(std::memory_order_acquire)};
  SPINE_TRY_STATUS(reader_->renew());
  if (state_.applied().value >= durable.value) return ok();
  SPINE_TRY(journal::BlockView block, reader_->block_of(next(state_.applied())));
  for (int folded = 0;; ++folded) {
    SPINE_TRY_STATUS(fold_block(block));
    if (state_.applied().value >= durable.value || folded == kBlocksPerTurn) break;
    SPINE_TRY(block, reader_->block_after(block));
  }
  index_->commit();
  shared_.metrics.follower_applied_seq.set(state_.applied().value);
  shared_.metrics.index_applied_seq.set(index_->applied().value);
  if (state_.applied().value - snapshot_tried_.value >= snapshot_every_) write_snapshot();
  return ok();
}

Status Follower::fold_block(const journal::BlockView& block) {
  const auto first = static_cast<std::uint32_t>(state_.applied().value + 1 - block.first().value);
  const std::uint32_t end = core::fold_events(
      state_, first, block.count(), [&](std::uint32_t i) { return block.event(i); },
      [this](const EventView& event) {
        if (is_kind(event, fb::EventBody::StateDigested)) check_digest(event);
        core::evolve(state_, event);
      });
  if (end != block.count()) return unreadable_event(block.event(end));
  index_->add(block);
  return ok();
}

void Follower::check_digest(const EventView& event) {
  const auto& recorded = root_of<fb::StateDigested>(event);
  if (recorded.version() != core::kDigestVersion || recorded.digest() == nullptr) return;
  const core::StateDigest own = core::digest(state_);
  shared_.metrics.digest_checks.add();
  if (own.total == bits_of(recorded.digest())) return;
  shared_.metrics.digest_divergence.add();
  kFollowerLog.error(
      "the state folded from the journal differs from the live state at seq {}. Run `spine "
      "replay verify` and report it.",
      state_.applied().value);
}

// A snapshot is a convenience: without it the next start folds more. So one that failed is not
// tried again before as much has happened as between any two.
void Follower::write_snapshot() {
  if (state_.applied() == snapshot_ || state_.applied().value == 0) return;
  snapshot_tried_ = state_.applied();
  flatbuffers::FlatBufferBuilder builder{64 * 1024};
  core::save_snapshot(state_, builder);
  const auto block = reader_->block_of(state_.applied());
  const Status written =
      block ? snapshots_->write(state_.applied(), epoch_, finished(builder), block->sha256())
            : Status{block.error()};
  if (!written) {
    kFollowerLog.warn("no snapshot written: {}", written.error().message);
    return;
  }
  snapshot_ = state_.applied();
  shared_.metrics.snapshot_seq.set(snapshot_.value);
}

Status Follower::answer_requests() {
  ReadRequest request{};
  while (requests_.try_dequeue(request))
    waiting_.push_back(request);
  if (waiting_.empty()) return ok();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (waiting_[i].as_of.value > state_.applied().value) {
      waiting_[kept++] = waiting_[i];
      continue;
    }
    SPINE_TRY_STATUS(answer(waiting_[i]));
    net_.flush();  // one by one: an answer may be megabytes
    loop_.flush();
  }
  waiting_.resize(kept);
  return ok();
}

Status Follower::answer(const ReadRequest& request) {
  switch (request.kind) {
    case ReadRequest::Kind::answer: {
      OutboxSink sink{net_, request.connection, request.request};
      IndexedEvents events{*index_, *reader_};
      return core::JournalAnswers{state_, events}.answer(request.read, sink);
    }
    case ReadRequest::Kind::gap: {
      SPINE_TRY(const GapItem item, GapReader(state_, *reader_).read(request.from, request.as_of));
      write(net_, request.connection, request.request, item);
      return ok();
    }
    case ReadRequest::Kind::journal: {
      const auto page = JournalPages(state_, *reader_).read(request.journal);
      // An old block that is damaged ends the stream, and not the gateway.
      const JournalPageItem none{.problem = page ? std::string_view{} : page.error().message};
      write(net_, request.connection, request.request, page ? *page : none);
      return ok();
    }
    case ReadRequest::Kind::prompt: {
      PromptReader prompts{state_, *reader_, prompt_};
      PromptItem item{};
      SPINE_TRY(const bool wanted, prompts.read_prompt(request.run, request.effect, item));
      if (wanted) write(loop_, item);
      return ok();
    }
    case ReadRequest::Kind::deliver: {
      IndexedEvents events{*index_, *reader_};
      DeliveryReader deliveries{state_, events};
      if (!deliveries.read(request.delivery, request.effect)) return ok();
      write(deliveries.served() ? net_ : loop_, deliveries.item());
      return ok();
    }
    case ReadRequest::Kind::work: {
      IndexedEvents events{*index_, *reader_};
      DeliveryReader deliveries{state_, events};
      if (deliveries.read_work(request.run, request.effect)) write(loop_, deliveries.work());
      return ok();
    }
  }
  return ok();
}

}  // namespace spine::pipeline
