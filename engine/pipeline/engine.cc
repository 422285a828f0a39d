// Where the parts of the pipeline meet: recovery, threads, and their end.
#include "engine/pipeline/engine.h"

#include <algorithm>
#include <flatbuffers/flatbuffers.h>
#include <pthread.h>
#include <unistd.h>

#include "engine/core/model/rules.h"
#include "engine/core/model/views.h"
#include "engine/pipeline/clock.h"
#include "engine/pipeline/recovery.h"
#include "journal/snapshots.h"
#include "schemas/fields.h"
#include "schemas/vocab/cursor.h"

#include "event_generated.h"

namespace spine::pipeline {

Engine::Engine(Shared& shared, Ingress& ingress, Outbox& net, Outbox& loop)
    : shared_(shared),
      ingress_(ingress),
      net_(net.add_producer()),
      loop_(loop.add_producer()),
      follower_(shared, net.add_producer(), loop.add_producer()) {}

Result<RecoveryReport> Engine::recover(EngineOptions options) {
  shared_.phase.store(Phase::recovering, std::memory_order_release);
  const std::uint64_t began = monotonic_now_us();
  SPINE_TRY(journal_, journal::Journal::open(options.state_dir / "journal", random128()));
  SPINE_TRY(const auto store, journal::SnapshotStore::open(options.state_dir / "snapshots"));
  RecoveryReport report{};
  report.created = journal_->report().created;
  report.last = journal_->last();
  if (journal_->report().readers_cut_off) {
    report.notes.emplace_back(
        "other processes held every place for readers of the journal (look for them with "
        "`fuser`): they were cut off, and what they read from now on may be wrong");
  }
  if (options.restored) {
    report.notes.emplace_back(
        "the state directory was restored from a backup: clients cannot resume what they saw "
        "before, and get a snapshot instead");
  }
  core::State state;
  journal::Reader reader = journal_->reader();
  SPINE_TRY(const Losses losses,
            find_losses(options.state_dir, boot_id(), options.accept_loss, reader, report.notes));
  report.snapshot = load_latest_snapshot(store, reader, state, report.notes, losses);
  SPINE_TRY(report.events_folded, fold_rest(reader, state));
  reader.release();

  LogicalClock clock;
  const core::EngineMemory memory = core::view_engine(state);
  clock.start(memory, state.now());
  report.after_crash = memory.started && !memory.stopped;
  shared_.epoch = journal_->epoch();
  engine_.emplace(shared_, ingress_, Outlets{.net = net_, .loop = loop_, .follower = follower_},
                  *journal_, std::move(state), clock);
  SPINE_TRY_STATUS(write_start(options, report, last_lost(losses)));
  Status ready = put_away(losses, options.state_dir);
  if (ready) {
    ready = follower_.open({.state_dir = options.state_dir,
                            .epoch = journal_->epoch(),
                            .boot = boot_id(),
                            .journal_last = report.last},
                           std::move(reader));
  }
  if (!ready) {
    // The next start must not take this failure for a crash, unless one came before.
    if (!report.after_crash) SPINE_TRY_STATUS(write_stop("the start failed"));
    return ready.error();
  }
  const core::EngineMemory now = core::view_engine(engine_->state());
  shared_.cursor_epoch = cursor_epoch(shared_.epoch, now.loss);
  SPINE_TRY(report.obligations_resumed,
            engine_->interrupt_work(report.after_crash ? fb::InterruptReason::gateway_crash
                                                       : fb::InterruptReason::gateway_stop));
  std::vector<std::string_view> quarantined;
  core::list_quarantined(engine_->state(), quarantined);
  report.quarantined.assign(quarantined.begin(), quarantined.end());
  core::list_channels(engine_->state(), report.channels);
  report.last = journal_->last();
  report.seconds = static_cast<double>(monotonic_now_us() - began) / 1e6;
  return report;
}

// The first events of this process, in one commit.
Status Engine::write_start(const EngineOptions& options, const RecoveryReport& report, Seq lost) {
  std::vector<OwnInput> inputs;
  flatbuffers::FlatBufferBuilder creation{256};
  if (!report.last) {
    const Bits128 fingerprint_key = random128();
    const fb::Bits128 epoch{journal_->epoch().hi, journal_->epoch().lo};
    const fb::Bits128 key{fingerprint_key.hi, fingerprint_key.lo};
    creation.Finish(
        fb::CreateJournalCreatedDirect(creation, &epoch, &key, options.version.c_str()));
    inputs.push_back({fb::EventBody::JournalCreated, finished(creation)});
  }
  const Bits128 boot = boot_id();
  const fb::Bits128 boot_bits{boot.hi, boot.lo};
  // After a restore, too, seqs of before are given out again; how far they went is not known.
  const bool new_cursors = lost || options.restored;
  const Bits128 loss = random128();
  const fb::Bits128 loss_bits{loss.hi, loss.lo};
  flatbuffers::FlatBufferBuilder started{256};
  started.Finish(fb::CreateEngineStartedDirect(
      started, options.version.c_str(), &boot_bits, boottime_now_ms(), report.after_crash,
      static_cast<std::uint32_t>(::getpid()), lost.value, new_cursors ? &loss_bits : nullptr,
      core::kRulesVersion));
  inputs.push_back({fb::EventBody::EngineStarted, finished(started)});
  const core::EngineMemory memory = core::view_engine(engine_->state());
  const ByteSpan zone_rules = options.zone_rules.view();
  if (!zone_rules.empty() && !std::ranges::equal(zone_rules, memory.zone_rules)) {
    inputs.push_back({fb::EventBody::ZoneRules, zone_rules});
  }
  const ByteSpan policy = options.policy.view();
  if (!std::ranges::equal(policy, memory.policy)) {
    inputs.push_back({fb::EventBody::ConfigApplied, policy});
  }
  return engine_->commit_now(inputs);
}

Status Engine::write_stop(const char* reason) {
  flatbuffers::FlatBufferBuilder stopped{64};
  stopped.Finish(fb::CreateEngineStoppedDirect(stopped, reason));
  const OwnInput input{fb::EventBody::EngineStopped, finished(stopped)};
  return engine_->commit_now({&input, 1});
}

void Engine::start(std::function<void(const Error&)> fatal) {
  engine_->publish_start();
  follower_.start(fatal);
  thread_ = std::thread([this, fatal] {
    ::pthread_setname_np(::pthread_self(), "engine");
    const Status ended = engine_->run();
    follower_.finish();
    if (!ended) fatal(ended.error());
  });
}

void Engine::join() {
  if (thread_.joinable()) thread_.join();
  follower_.join();
}

}  // namespace spine::pipeline
