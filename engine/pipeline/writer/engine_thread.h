// EngineThread: the single writer. Drains inputs, has them decided, commits, releases.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/core/model/state.h"
#include "engine/pipeline/clock.h"
#include "engine/pipeline/queues/ingress.h"
#include "engine/pipeline/queues/shared.h"
#include "engine/pipeline/writer/decisions.h"
#include "engine/pipeline/writer/own_facts.h"
#include "engine/pipeline/writer/postponed.h"
#include "engine/pipeline/writer/publisher.h"
#include "engine/pipeline/writer/query_answers.h"
#include "journal/journal.h"
#include "schemas/vocab/result.h"

#include "event_generated.h"

namespace spine::pipeline {

// The loop, and admission by free disk space. Steady state allocates nothing.
class EngineThread {
 public:
  EngineThread(Shared& shared, Ingress& ingress, Outlets outlets, journal::Journal& journal,
               core::State state, LogicalClock clock);

  // Thread: main, before run(). Inputs of the engine's own, in one commit.
  Status commit_now(std::span<const OwnInput> inputs);
  // Thread: main, before run(). Every run that was being worked on when the process before this one
  // ended is interrupted, and started again or failed as the policy says; in commits of a bounded
  // size. Returns how many there were.
  Result<std::uint32_t> interrupt_work(fb::InterruptReason reason);
  // Thread: main, before run(). Publishes what the commits above led to.
  void publish_start() { publish(); }

  // The thread's body: returns after a kStop input, with everything durable. A failed commit is
  // returned: the outcome is unknown and the process must end.
  Status run();

  const core::State& state() const { return decisions_.state(); }

 private:
  Status turn();
  Status process();
  void handle(const InputHeader& header, ByteSpan body);
  void handle_journalled(const InputHeader& header, ByteSpan body);
  Status settle();
  Status commit();
  void publish();
  Status finish();
  void refresh_counts();
  void report_channels();

  bool reserve_space(std::size_t input_bytes, std::uint64_t input_count);
  Status take_postponed(std::size_t reserved);
  Status end_postponed();

  Shared& shared_;
  Ingress& ingress_;
  journal::Journal& journal_;
  LogicalClock clock_;
  Outlets out_;
  Decisions decisions_;
  QueryAnswers queries_;
  OwnFacts facts_;
  Postponed postponed_{};  // inputs that wait for disk space: retried every turn
  std::vector<IngressBlock*> blocks_{};
  bool stopping_{};
  bool space_for_intake_{true};
  bool space_for_closing_{true};
  std::string stop_reason_{};
};

}  // namespace spine::pipeline
