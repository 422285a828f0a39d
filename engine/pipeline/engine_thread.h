// EngineThread: the single writer. Drains inputs, decides, evolves, commits, publishes.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/decide.h"
#include "engine/core/digest.h"
#include "engine/core/effects.h"
#include "engine/core/state.h"
#include "engine/log/log.h"
#include "engine/pipeline/clock.h"
#include "engine/pipeline/follower.h"
#include "engine/pipeline/ingress.h"
#include "engine/pipeline/messages.h"
#include "engine/pipeline/outbox.h"
#include "engine/pipeline/shared.h"
#include "journal/batch.h"
#include "journal/journal.h"
#include "schemas/vocab/result.h"

#include "event_generated.h"

namespace spine::pipeline {

inline constexpr log::Logger kLog{"engine"};  // the subsystem of this thread's lines

// An input the engine makes itself: kind (EventBody) and FlatBuffer body.
struct OwnInput {
  std::uint16_t kind{};
  ByteSpan body{};
};

// Everything that leaves this thread waits in the outbox producers until the batch that caused it,
// or that it saw, is durable. Steady state allocates nothing.
class EngineThread {
 public:
  EngineThread(Shared& shared, Ingress& ingress, OutboxProducer& net, OutboxProducer& loop,
               Follower& follower, journal::Journal& journal, core::State state,
               LogicalClock clock);

  // Thread: main, before run(). Inputs of the engine's own, in one commit.
  Status commit_now(std::span<const OwnInput> inputs);
  // Thread: main, before run(). Every run that was being worked on when the process before this one
  // ended is interrupted, and started again or failed as the policy says; in commits of a bounded
  // size. Returns how many there were.
  Result<std::uint32_t> interrupt_runs(fb::InterruptReason reason);
  // Thread: main, before run(). Lets out what the commits above led to.
  void publish_start() { publish(); }

  // The thread's body: returns after a kStop input, with everything durable. A failed commit is
  // returned: the outcome is unknown and the process must end.
  Status run();

  const core::State& state() const { return state_; }

 private:
  // Turn (engine_thread.cc)
  Status turn();
  void handle(const InputHeader& header, ByteSpan body);
  void handle_journalled(const InputHeader& header, ByteSpan body);
  void decide_input(const InputHeader& header, ByteSpan whole);
  bool find_named(const InputNames& names, core::Input& input, core::KeyBuffer& key);
  Status commit();
  void publish();
  Status finish();
  Status process();
  Status settle();
  static std::size_t space_for(std::size_t input_bytes, std::uint64_t input_count);
  bool reserve_space(std::size_t input_bytes, std::uint64_t input_count);
  void postpone(const InputHeader& header, ByteSpan body);
  Status take_postponed(std::size_t reserved);
  Status end_postponed();

  // Facts the engine itself records (engine_facts.cc)
  void measure_clock();
  void record_digest();
  void record_deadline();
  void decide_own(std::uint16_t kind, ByteSpan body);
  void arm_deadline();
  void refresh_counts();

  // What decisions lead to (engine_publish.cc)
  // `key`: of the session that the input named; it may not be there.
  void apply(const core::Input& input, const InputHeader& header, std::string_view key = {});
  void emit_effects(const EventView& event);
  // To whoever watches.
  void tell(const EventView& event, const core::Kind& kind);
  bool view_approval_of(const EventView& event, core::ApprovalView& out) const;
  void reply(const InputHeader& header, const core::Reply& reply, std::string_view key = {});
  void add_command_answer(ReplyItem& item) const;
  void count(const InputHeader& header, const core::Reply& reply);

  // Work for agents (engine_work.cc)
  void emit_prompt(const EventView& event, const core::Effect& effect);
  void emit_steer(const core::Effect& effect);
  void emit_answer(const EventView& event, const core::Effect& effect);
  void emit_control(const EventView& event);
  bool at_hand(Seq seq) const;

  // Reads (engine_queries.cc)
  void answer_query(const InputHeader& header, std::string_view text);
  void answer_sessions(const InputHeader& header, std::string_view agent_id);
  void answer_session(const InputHeader& header, std::string_view typed);
  void answer_history(const InputHeader& header, std::string_view typed);
  void resolve_key(const InputHeader& header, std::string_view typed);
  void resolve_keys(const InputHeader& header, std::string_view list);
  void answer_run(const InputHeader& header, std::string_view run_key);
  void answer_status(const InputHeader& header);
  void forward_delta(const InputHeader& header, std::string_view piece);

  Shared& shared_;
  Ingress& ingress_;
  OutboxProducer& net_;
  OutboxProducer& loop_;
  Follower& follower_;
  journal::Journal& journal_;
  core::State state_;
  LogicalClock clock_;

  journal::Batch batch_{};
  core::Decision decision_{};
  core::Departures gone_{};  // with the decision in hand
  core::Effects effects_{};
  std::vector<RunId> runs_{};
  Instant now_{};
  std::vector<IngressBlock*> blocks_{};
  std::vector<ReadRequest> reads_{};       // asked of the follower once durable
  std::vector<std::uint64_t> own_body_{};  // 8-aligned copy of a body of our own
  SessionsItem sessions_item_{};
  std::vector<SessionId> session_ids_{};
  // Inputs nobody can be told about that found no room on disk, and what agents did since: tried
  // again every turn, in this order.
  std::deque<std::vector<std::uint64_t>> postponed_{};
  std::size_t postponed_bytes_{};
  core::StateDigest digest_{};  // the last one asked for
  std::uint64_t armed_ms_{};
  std::uint64_t digested_at_{};  // seq of the last StateDigested
  std::int64_t wall_minus_boot_ms_{};
  std::uint64_t turns_{};
  bool stopping_{};
  bool space_for_intake_{true};
  bool space_for_closing_{true};
  std::string stop_reason_{};
};

}  // namespace spine::pipeline
