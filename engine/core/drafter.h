// Drafter: writes the events of one decision, each with its reasons.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/core/decide.h"
#include "engine/core/tables.h"

namespace spine::core {

// Why an event happens, and to whom: the part of its header that is not the same for all events of
// a decision.
struct Why {
  std::uint64_t cause{};        // Seq; 0 = the event itself
  std::uint64_t correlation{};  // Seq; 0 = the event itself
  std::uint64_t principal{};
  std::uint64_t session{};
};

// What a SessionOpened says.
struct SessionDraft {
  std::string_view key{};
  std::string_view agent{};
  Bits128 uuid{};
  fb::ConversationKind conversation{};
  std::string_view channel{};
  std::string_view name{};
  std::string_view label{};
};

// What a ChannelPairingRequested says.
struct PairingDraft {
  std::string_view channel{};
  std::string_view account{};
  std::string_view sender_id{};
  std::string_view sender_name{};
  std::string_view code{};
  std::uint64_t expires_ms{};
  std::int64_t expires_wall_ms{};
  bool exact_ids{};
};

// What a PrincipalAdded says.
struct PrincipalDraft {
  fb::PrincipalKind kind{};
  std::string_view key{};
  std::string_view name{};
  bool charged{};
};

// What a RunQueued says.
struct RunDraft {
  std::string_view key{};
  std::string_view agent{};
  Seq message{};
  std::uint64_t not_before_ms{};
  fb::Trust trust{};
  fb::QueueMode queue_mode{};
};

// What an ApprovalResolved says.
struct ApprovalAnswer {
  Seq request{};
  fb::ApprovalDecision decision{};
  fb::DecidedVia via{};
  std::string_view rule{};
};

// What an ApprovalOpened says.
struct ApprovalOpening {
  Seq request{};
  Bits128 uuid{};
  std::string_view code{};
  std::uint64_t expires_ms{};
  std::int64_t expires_wall_ms{};
};

// What a derived RunFailed says.
struct RunFailure {
  RunId run{};
  fb::RunErrorKind kind{};
  std::string_view message{};
  fb::RunOutcome outcome{};
  std::uint16_t attempts{};
  std::uint64_t duration_ms{};
};

// More than this many runs are aborted by several events.
inline constexpr std::size_t kRunsPerAbort = 63;

class Drafter {
 public:
  Drafter(const Tables& tables, const Input& input, Decision& decision)
      : tables_(tables), input_(input), decision_(decision) {}

  // The seq that the next event gets.
  Seq next_seq() const { return Seq{tables_.meta.applied.value + 1 + decision_.count()}; }

  // The input itself, as the first event. The second form records another body, for inputs that
  // are kept otherwise than they came.
  Seq add_input(const Why& why) { return add_input(why, input_.kind, input_.body); }
  Seq add_input(const Why& why, std::uint16_t kind, ByteSpan body);

  // Derived events.
  Seq add_principal(const Why& why, const PrincipalDraft& principal);
  Seq add_principal_expired(const Why& why, PrincipalId principal);
  Seq add_session(const Why& why, const SessionDraft& session);
  Seq add_session_reset(const Why& why, fb::ResetReason reason, Bits128 uuid);
  Seq add_session_closed(const Why& why, fb::CloseReason reason);
  Seq add_run(const Why& why, const RunDraft& run);
  // The first attempt of a run that waits in the state. One of queue mode collect takes with it
  // what else of that mode waits for the session, is due and is not in `gone` (ascending): those
  // runs end with this.
  void start_run(std::uint32_t run_row, std::uint64_t now_ms,
                 const std::vector<std::uint64_t>& gone);
  // The first attempt of a run that the same decision queued.
  Seq add_run_started(const Why& why, RunId run);
  // One more attempt of a run that is being worked on.
  Seq add_run_retry(const Why& why, const Run& run);
  Seq add_run_failed(const Why& why, const RunFailure& failure);
  // `runs` ascending, at most kRunsPerAbort.
  Seq add_runs_merged(const Why& why, const std::vector<std::uint64_t>& runs, RunId into);
  Seq add_approval_opened(const Why& why, const ApprovalOpening& opening);
  // A session of 0 in `why` stands for that of the question.
  Seq add_approval_resolved(const ApprovalAnswer& answer, Why why);
  // Nobody has to answer any more what the agent of this run asked.
  void add_withdrawals(std::uint64_t cause, std::uint64_t run);
  Seq add_pairing_request(const Why& why, const PairingDraft& request);
  Seq add_pairing_resolved(const Why& why, Seq request, bool approved, fb::ApprovedVia via);
  Seq add_code_answered(const Why& why, std::string_view code, bool approved);
  Seq add_command_answered(const Why& why, std::string_view command, std::string_view text);
  // `runs` ascending; in as many events as it takes. What their agents asked is withdrawn.
  void add_runs_aborted(const Why& why, const std::vector<std::uint64_t>& runs,
                        fb::AbortReason reason);
  // Body of a SessionOpened; kept by the decision.
  ByteSpan session_body(const SessionDraft& session);
  // Body of a RunAborted over a part of `runs`; kept by the decision.
  ByteSpan abort_body(const std::uint64_t* runs, std::size_t count, fb::AbortReason reason);

 private:
  Seq add(fb::EventBody kind, std::uint16_t flags, const Why& why, ByteSpan body);
  // Runs of queue mode collect that start together with this one; ascending.
  std::vector<std::uint64_t> collect(std::uint32_t run_row, std::uint64_t now_ms,
                                     const std::vector<std::uint64_t>& gone) const;
  ByteSpan finish(flatbuffers::FlatBufferBuilder& builder, flatbuffers::uoffset_t root);

  const Tables& tables_;
  const Input& input_;
  Decision& decision_;
};

// Open runs of a session, by id ascending.
std::vector<std::uint64_t> open_runs(const Tables& tables, std::uint32_t session_row);
// The first run that waits for the session, is due at now_ms and is not in `gone` (ascending);
// row, 0 = none.
std::uint32_t next_due_run(const Tables& tables, std::uint32_t session_row, std::uint64_t now_ms,
                           const std::vector<std::uint64_t>& gone);

// Runs that the agent of this run took the messages of, by id ascending.
std::vector<std::uint64_t> steered_runs(const Tables& tables, const Run& into);
// Why an event happens that is about a run which is being worked on.
Why why_of(const Run& run);

// What an input of a kind leads to: see decide(). Which rule is whose: engine/core/kinds.cc.
using Rule = void(const Tables& tables, const Input& input, Decision& decision);

// Recorded as it is.
Rule decide_recorded;
// Recorded as it is when it is within its bounds, else refused.
void decide_within(bool bounds, const Tables& tables, const Input& input, Decision& decision);

Rule decide_zone_rules, decide_connects_refused, decide_config_changed, decide_config_refused;
Rule decide_deadline, decide_client;
Rule decide_message;
Rule decide_session_open, decide_session_patch, decide_session_reset, decide_session_close;
Rule decide_run_end, decide_abort, decide_run_interrupted, decide_run_steered;
// Facts of a run that is being worked on, within their bounds.
Rule decide_tool_called, decide_tool_returned, decide_body_recorded, decide_agent_session;
// Of the present attempt, or of the last one of a run that was stopped.
Rule decide_partial_answer;
Rule decide_approval_requested, decide_approval_resolved;
Rule decide_agent_started, decide_agent_exited, decide_agent_quarantined, decide_skills_changed;
Rule decide_agent_reset, decide_agent_restart;
Rule decide_device_pairing, decide_device_change, decide_pairing_resolved;

}  // namespace spine::core
