// Engine: owns the journal, the state, and the engine and follower threads.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/core/base/kept_body.h"
#include "engine/core/model/views.h"
#include "engine/pipeline/follower/follower.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/outbox.h"
#include "engine/pipeline/queues/shared.h"
#include "engine/pipeline/writer/engine_thread.h"
#include "journal/journal.h"
#include "schemas/vocab/result.h"

namespace spine::pipeline {

struct EngineOptions {
  std::filesystem::path state_dir{};
  std::string version{};
  core::KeptBody policy{};      // a ConfigApplied
  core::KeptBody zone_rules{};  // a ZoneRules; empty = as before
  bool accept_loss{};           // go on although a snapshot or index shows that events are lost
  bool restored{};              // from a backup: cursors of before are not to be taken any more
};

// What recovery found and did, for the log.
struct RecoveryReport {
  bool created{};
  bool after_crash{};
  Seq snapshot{};
  Seq last{};
  std::uint64_t events_folded{};
  double seconds{};
  // Runs that were being worked on: interrupted, and tried again or failed by the policy.
  std::uint32_t obligations_resumed{};
  std::vector<std::string> quarantined{};     // agents, by id ascending
  std::vector<core::ChannelView> channels{};  // the accounts, as they were left
  std::vector<std::string> notes{};
};

// Life: construct; hand its ingress and outboxes to the adapters; recover(); start(); stop().
class Engine {
 public:
  // `net` and `loop` outlive the engine.
  Engine(Shared& shared, Ingress& ingress, Outbox& net, Outbox& loop);
  ~Engine() { join(); }
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Opens the journal, folds the state, writes EngineStarted (and ZoneRules and ConfigApplied when
  // they differ), and decides what becomes of runs that were being worked on. Thread: main.
  Result<RecoveryReport> recover(EngineOptions options);
  // Starts the engine and follower threads; sends the agents what recover() decided. `fatal` is
  // called from a thread of the engine when a commit or sync failed: it must end the process.
  void start(std::function<void(const Error&)> fatal);
  // Waits until the engine thread has ended after a kStop input: everything accepted is durable,
  // the follower has caught up and a final snapshot is written.
  void join();

 private:
  Status write_start(const EngineOptions& options, const RecoveryReport& report, Seq lost);
  Status write_stop(const char* reason);

  Shared& shared_;
  Ingress& ingress_;
  OutboxProducer& net_;
  OutboxProducer& loop_;
  std::unique_ptr<journal::Journal> journal_{};
  Follower follower_;
  std::optional<EngineThread> engine_{};
  std::thread thread_{};
};

}  // namespace spine::pipeline
