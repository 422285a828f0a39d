// Where the parts of the pipeline meet: recovery, threads, and their end.
#include "engine/pipeline/engine.h"

#include <algorithm>
#include <flatbuffers/flatbuffers.h>
#include <fmt/format.h>
#include <optional>
#include <pthread.h>
#include <thread>
#include <unistd.h>

#include "engine/core/views.h"
#include "engine/pipeline/clock.h"
#include "engine/pipeline/engine_thread.h"
#include "engine/pipeline/follower.h"
#include "engine/pipeline/recovery.h"
#include "journal/journal.h"
#include "journal/snapshots.h"
#include "schemas/finished.h"

#include "event_generated.h"

namespace spine::pipeline {

struct Engine::State {
  State(Shared& shared_in, Ingress& ingress_in, Outbox& net, Outbox& loop)
      : shared(shared_in),
        ingress(ingress_in),
        net_engine(net.add_producer()),
        loop_engine(loop.add_producer()),
        follower(shared_in, net.add_producer(), loop.add_producer()) {}

  Status write_start(const EngineOptions& options, const RecoveryReport& report, Seq lost);

  Shared& shared;
  Ingress& ingress;
  OutboxProducer& net_engine;
  OutboxProducer& loop_engine;
  std::unique_ptr<journal::Journal> journal{};
  Follower follower;
  std::optional<EngineThread> engine{};
  std::thread thread{};
};

Engine::Engine(Shared& shared, Ingress& ingress, Outbox& net, Outbox& loop)
    : state_(std::make_unique<State>(shared, ingress, net, loop)) {}

Engine::~Engine() {
  join();
}

Result<RecoveryReport> Engine::recover(EngineOptions options) {
  State& s = *state_;
  s.shared.phase.store(Phase::recovering, std::memory_order_release);
  const std::uint64_t began = monotonic_now_us();
  SPINE_TRY(s.journal, journal::Journal::open(options.state_dir / "journal", random128()));
  SPINE_TRY(const auto store, journal::SnapshotStore::open(options.state_dir / "snapshots"));
  RecoveryReport report{};
  report.created = s.journal->report().created;
  report.last = s.journal->last();
  if (s.journal->report().readers_cut_off) {
    report.notes.emplace_back(
        "other processes held every place for readers of the journal (look for them with "
        "`fuser`): they were cut off, and what they read from now on may be wrong");
  }
  core::State state;
  journal::Reader reader = s.journal->reader();
  SPINE_TRY(const Seq lost,
            settle_losses(options.state_dir, boot_id(), options.accept_loss, reader, report.notes));
  report.snapshot = load_latest_snapshot(store, reader, state, report.notes);
  SPINE_TRY(report.events_folded, fold_rest(reader, state));
  reader.release();

  LogicalClock clock;
  const core::EngineMemory memory = core::view_engine(state);
  clock.start(memory, state.now());
  report.after_crash = memory.started && !memory.stopped;
  s.shared.epoch = s.journal->epoch();
  SPINE_TRY_STATUS(s.follower.open({.state_dir = options.state_dir,
                                    .epoch = s.journal->epoch(),
                                    .boot = boot_id(),
                                    .journal_last = s.journal->last(),
                                    .version = options.version},
                                   std::move(reader)));
  s.engine.emplace(s.shared, s.ingress,
                   Outlets{.net = s.net_engine, .loop = s.loop_engine, .follower = s.follower},
                   *s.journal, std::move(state), clock);
  SPINE_TRY_STATUS(s.write_start(options, report, lost));
  SPINE_TRY(report.obligations_resumed,
            s.engine->interrupt_runs(report.after_crash ? fb::InterruptReason::gateway_crash
                                                        : fb::InterruptReason::gateway_stop));
  std::vector<std::string_view> quarantined;
  core::list_quarantined(s.engine->state(), quarantined);
  report.quarantined.assign(quarantined.begin(), quarantined.end());
  report.last = s.journal->last();
  report.seconds = static_cast<double>(monotonic_now_us() - began) / 1e6;
  return report;
}

// The first events of this process, in one commit.
Status Engine::State::write_start(const EngineOptions& options, const RecoveryReport& report,
                                  Seq lost) {
  std::vector<OwnInput> inputs;
  flatbuffers::FlatBufferBuilder creation{256};
  if (!report.last) {
    const Bits128 fingerprint_key = random128();
    const fb::Bits128 epoch{journal->epoch().hi, journal->epoch().lo};
    const fb::Bits128 key{fingerprint_key.hi, fingerprint_key.lo};
    creation.Finish(
        fb::CreateJournalCreatedDirect(creation, &epoch, &key, options.version.c_str()));
    inputs.push_back({fb::EventBody::JournalCreated, finished(creation)});
  }
  const Bits128 boot = boot_id();
  const fb::Bits128 boot_bits{boot.hi, boot.lo};
  flatbuffers::FlatBufferBuilder started{256};
  started.Finish(fb::CreateEngineStartedDirect(started, options.version.c_str(), &boot_bits,
                                               boottime_now_ms(), report.after_crash,
                                               static_cast<std::uint32_t>(::getpid()), lost.value));
  inputs.push_back({fb::EventBody::EngineStarted, finished(started)});
  const core::EngineMemory memory = core::view_engine(engine->state());
  const ByteSpan zone_rules = options.zone_rules.view();
  if (!zone_rules.empty() && !std::ranges::equal(zone_rules, memory.zone_rules)) {
    inputs.push_back({fb::EventBody::ZoneRules, zone_rules});
  }
  const ByteSpan policy = options.policy.view();
  if (!std::ranges::equal(policy, memory.policy)) {
    inputs.push_back({fb::EventBody::ConfigApplied, policy});
  }
  return engine->commit_now(inputs);
}

void Engine::start(std::function<void(const Error&)> fatal) {
  State& s = *state_;
  s.engine->publish_start();
  s.follower.start(fatal);
  s.thread = std::thread([&s, fatal] {
    ::pthread_setname_np(::pthread_self(), "engine");
    const Status ended = s.engine->run();
    s.follower.finish();
    if (!ended) fatal(ended.error());
  });
}

void Engine::join() {
  if (state_->thread.joinable()) state_->thread.join();
  state_->follower.join();
}

}  // namespace spine::pipeline
