// Messages: the payloads of outbox items, written by the engine side and read by adapters.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "engine/core/decide.h"
#include "engine/core/digest.h"
#include "engine/core/views.h"
#include "engine/pipeline/outbox.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// Each item of an outbox is one of these. Texts in what the readers return are borrowed: valid
// until Outbox::release() of the block.
enum class ItemKind : std::uint16_t {
  reply = 1,  // to net: the outcome of a journalled input (ReplyItem)
  event = 2,  // to net: a durable event for subscribers (EventItem)
  delta = 3,  // to net: a piece of an answer being written (DeltaItem)
  sessions =
      4,  // to net: answer to kQuerySession(s), kQueryFindSession, kResolveKeys (SessionsItem)
  history = 5,     // to net: answer to kQueryHistory (HistoryItem)
  run = 6,         // to net: answer to kQueryRun (RunItem)
  status = 7,      // to net: answer to kQueryStatus (StatusItem)
  digest = 8,      // to net: answer to kQueryDigest (DigestItem)
  stopping = 9,    // to net and loop: orderly stop; last item ever
  devices = 10,    // to net: answer to kQueryDevice / kQueryDevices (DevicesItem)
  pairing = 11,    // to net: answer to kQueryPairing (PairingItem)
  gap = 12,        // to net: answer to kQueryGap (GapItem)
  approvals = 13,  // to net: answer to kQueryApprovals (ApprovalsItem)
  runs = 14,       // to net: answer to kQueryRuns (RunsItem)
  prompt = 20,     // to loop: give this message to the agent (PromptItem)
  cancel = 21,     // to loop: stop working on this run (CancelItem)
  arm = 22,        // to loop: push kDeadline when due (ArmItem)
  steer = 23,      // to loop: give this message to a run that is being worked on (SteerItem)
  answer = 24,     // to loop: what an agent asked is decided (AnswerItem)
  control = 25,    // to loop: restart or release an agent (ControlItem)
};

struct ReplyItem {
  core::Reply reply{};
  std::string_view session_key{};  // also of a session that was named, and is not there
  Bits128 session_uuid{};          // zero when it is not there (any more)
  std::string_view run_key{};
  std::string_view pairing_code{};  // of reply.pairing
  std::int64_t pairing_expires_wall_ms{};
  // The run of reply.run waits until this one of its session has ended; empty = it waits for none.
  std::string_view behind_run_key{};
  std::int64_t behind_started_wall_ms{};
  std::string_view command{};         // the message was this command of the gateway's
  std::string_view command_answer{};  // and what it was answered
};

// A durable event with the session it belongs to, as the session was right after it.
// What is pushed of it is numbered from 1 on within each part: that is its cursor's ordinal.
struct EventItem {
  EventView event{};  // body 8-aligned, valid for its kind
  bool has_session{};
  core::SessionView session{};
  bool has_run{};
  core::RunView run{};
  bool has_approval{};
  core::ApprovalView approval{};   // ApprovalOpened; ApprovalResolved, as it was before
  std::string_view message_key{};  // CommandAnswered: idempotency key of the message; may be empty
  std::uint32_t part{};  // of an event that concerns several runs: which of them this is about
};

// A page of what clients were told, or would have been: see kQueryGap. Sessions and runs are as
// they are now; of one that is gone only what its first event says.
struct GapItem {
  Seq upto{};  // everything from the asked seq to this one was looked at
  Seq head{};  // the last event when the question was asked
  std::vector<EventItem> events{};
};

struct DeltaItem {
  RunId run{};
  std::uint16_t attempt{};  // of the run, that the piece is written in; 1 = the first
  std::string_view run_key{};
  std::string_view session_key{};
  std::string_view agent_id{};
  std::string_view piece{};
};

struct SessionsItem {
  std::uint64_t total{};  // how many match, of which `sessions` are a page
  Seq as_of{};            // the state's last event when it was asked
  // kResolveKeys: one for each key that was asked, in that order; of a session that is not there
  // only its key.
  std::vector<core::SessionView> sessions{};
  std::string_view key{};  // kQuerySession: what the typed key stands for
  bool malformed{};        // a typed key stands for nothing
};

// Messages (MessageReceived), replies (RunFinished, RunFailed, RunAborted, CommandAnswered) and
// tools (ToolCalled, ToolReturned) of one session's present life, ascending by seq. Right before
// one of them may stand what belongs to it: a PartialAnswerRecorded, or a BodyRecorded without its
// digest.
struct HistoryItem {
  bool found{};
  bool more{};  // there are older ones
  core::SessionView session{};
  std::vector<EventView> events{};
  std::string_view key{};  // of a session that is not there: what the typed key stands for
  bool malformed{};        // it stands for nothing
};

struct RunItem {
  bool found{};
  core::RunView run{};
  std::string_view session_key{};
  bool has_end{};
  EventView end{};  // RunFinished / RunFailed / RunAborted when it has ended
};

// A run that waits or is worked on.
struct OpenRun {
  core::RunView run{};
  std::string_view session_key{};
  std::int64_t queued_wall_ms{};
  std::string_view behind_run_key{};  // of its session, being worked on; empty = none is
};
struct RunsItem {
  std::uint64_t total{};  // how many there are, of which `runs` are the oldest
  std::vector<OpenRun> runs{};
};

struct StatusItem {
  core::StateCounts counts{};
  Seq applied{};
  Seq durable{};
  Seq follower_applied{};
  Seq indexed{};
  Seq snapshot{};
  Bits128 epoch{};
  std::uint64_t journal_bytes{};
};

struct DigestItem {
  core::StateDigest digest{};
};

struct DevicesItem {
  std::uint64_t total{};  // how many there are, of which `devices` are a page
  std::vector<core::DeviceView> devices{};
};

struct PairingItem {
  std::vector<core::PairingView> requests{};  // live ones, the oldest first
};

struct ApprovalsItem {
  std::vector<core::ApprovalView> approvals{};  // that wait for an answer, the oldest first
};

struct PromptItem {
  EffectId effect{};
  RunId run{};
  SessionId session{};
  Bits128 session_uuid{};   // of the session's present life
  std::uint16_t attempt{};  // 1 = the first
  fb::Trust trust{};
  std::string_view run_key{};
  std::string_view session_key{};
  std::string_view agent_id{};
  std::string_view agent_session{};   // the agent's own name of the conversation; empty = a new one
  std::string_view model{};           // wished for the session; empty = the agent's own
  std::string_view thinking_level{};  // the same
  std::string_view text{};            // of the message; of several, with a blank line between them
};

// A message that came while its session was busy.
struct SteerItem {
  RunId run{};  // queued for it; ends with `into` once the agent has taken it (RunSteered)
  RunId into{};
  std::string_view agent_id{};
  std::string_view text{};
};

// The answer to what an agent asked with an ApprovalRequested.
struct AnswerItem {
  RunId run{};
  std::uint64_t ask{};
  fb::ApprovalDecision decision{};
};

enum class ControlKind : std::uint32_t { restart, reset };
struct ControlItem {
  ControlKind what{};
  std::string_view agent_id{};
};

struct CancelItem {
  RunId run{};
};

struct ArmItem {
  std::uint64_t deadline_ms{};  // logical; 0 = nothing pending
  std::uint64_t now_ms{};       // logical now, when this was sent
};

// Writers: add one item to the producer's open block.
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const ReplyItem& item);
void write(OutboxProducer& out, const EventItem& item);
void write(OutboxProducer& out, const DeltaItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const SessionsItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const HistoryItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const RunItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const StatusItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const DigestItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const DevicesItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const PairingItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const GapItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const ApprovalsItem& item);
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const RunsItem& item);
void write(OutboxProducer& out, const PromptItem& item);
void write(OutboxProducer& out, const CancelItem& item);
void write(OutboxProducer& out, const ArmItem& item);
void write(OutboxProducer& out, const SteerItem& item);
void write(OutboxProducer& out, const AnswerItem& item);
void write(OutboxProducer& out, const ControlItem& item);
void write_stopping(OutboxProducer& out, std::string_view reason);

// Readers. REQUIRES: the header's kind is the matching one. Vectors of `item` are reused.
void read(ByteSpan payload, ReplyItem& item);
void read(ByteSpan payload, EventItem& item);
void read(ByteSpan payload, DeltaItem& item);
void read(ByteSpan payload, SessionsItem& item);
void read(ByteSpan payload, HistoryItem& item);
void read(ByteSpan payload, RunItem& item);
void read(ByteSpan payload, StatusItem& item);
void read(ByteSpan payload, DigestItem& item);
void read(ByteSpan payload, DevicesItem& item);
void read(ByteSpan payload, PairingItem& item);
void read(ByteSpan payload, GapItem& item);
void read(ByteSpan payload, PromptItem& item);
void read(ByteSpan payload, CancelItem& item);
void read(ByteSpan payload, ArmItem& item);
void read(ByteSpan payload, ApprovalsItem& item);
void read(ByteSpan payload, RunsItem& item);
void read(ByteSpan payload, SteerItem& item);
void read(ByteSpan payload, AnswerItem& item);
void read(ByteSpan payload, ControlItem& item);
std::string_view read_stopping(ByteSpan payload);

}  // namespace spine::pipeline
