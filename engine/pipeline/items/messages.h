// Messages: the payloads of outbox items, written by the engine side and read by adapters.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/digest.h"
#include "engine/core/model/views.h"
#include "engine/pipeline/items/messages_codec.h"
#include "engine/pipeline/queues/outbox.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

// What the payload of an item is. Each kind has one struct below: its fields, and all of them once
// more in list(), which is how it gets into an outbox and out again.
enum class ItemKind : std::uint16_t {
  // to the net thread
  reply = 1,
  event = 2,
  delta = 3,
  sessions = 4,
  history = 5,
  run = 6,
  status = 7,
  digest = 8,
  stopping = 9,  // to the loop thread, too
  devices = 10,
  pairing = 11,
  gap = 12,
  approvals = 13,
  runs = 14,
  // to the loop thread
  prompt = 20,
  cancel = 21,
  arm = 22,
  steer = 23,
  answer = 24,
  control = 25,
};

// The outcome of a journalled input.
struct ReplyItem {
  static constexpr auto kKind = ItemKind::reply;
  core::Reply reply{};
  std::string_view session_key{};  // also of a named session that does not exist
  Bits128 session_uuid{};          // zero when it is not there (any more)
  std::string_view run_key{};
  std::string_view pairing_code{};  // of reply.pairing
  std::int64_t pairing_expires_wall_ms{};
  // The run of reply.run waits until this one of its session has ended; empty = it waits for none.
  std::string_view behind_run_key{};
  std::int64_t behind_started_wall_ms{};
  std::string_view command{};         // the message was this command of the gateway's
  std::string_view command_answer{};  // and what it was answered

  static void list(auto& item, auto& fields) {
    fields(item.reply, item.session_key, item.session_uuid, item.run_key, item.pairing_code,
           item.pairing_expires_wall_ms, item.behind_run_key, item.behind_started_wall_ms,
           item.command, item.command_answer);
  }
};

// A durable event with the session it belongs to, as it is after the event's whole decision; rows
// that the decision removed are as they were before.
// Pushes made of one part are numbered from 1: that is the ordinal in a cursor.
struct EventItem {
  static constexpr auto kKind = ItemKind::event;
  EventView event{};  // body 8-aligned, valid for its kind
  bool has_session{};
  core::SessionView session{};
  bool has_run{};
  core::RunView run{};
  bool has_approval{};
  core::ApprovalView approval{};   // ApprovalOpened; ApprovalResolved, as it was before
  std::string_view message_key{};  // CommandAnswered: idempotency key of the message; may be empty
  std::uint32_t part{};  // of an event that concerns several runs: which of them this is about

  static void list(auto& item, auto& fields) {
    fields(item.event, item.message_key, item.part, item.has_session, item.has_run,
           item.has_approval);
    if (item.has_session) fields(item.session);
    if (item.has_run) fields(item.run);
    if (item.has_approval) fields(item.approval);
  }
};

// A page of the events that are pushed to clients: see kQueryGap. Sessions and runs are as they are
// now; of one that was removed only what its first event says.
struct GapItem {
  static constexpr auto kKind = ItemKind::gap;
  Seq upto{};  // everything from the asked seq to this one was looked at
  Seq head{};  // the last event when the question was asked
  std::vector<EventItem> events{};

  static void list(auto& item, auto& fields) { fields(item.upto, item.head, item.events); }
};

// A text delta: a piece of an answer that is being written.
struct DeltaItem {
  static constexpr auto kKind = ItemKind::delta;
  RunId run{};
  std::uint16_t attempt{};  // of the run, that the piece is written in; 1 = the first
  std::string_view run_key{};
  std::string_view session_key{};
  std::string_view agent_id{};
  std::string_view piece{};

  static void list(auto& item, auto& fields) {
    fields(item.run, item.attempt, item.run_key, item.session_key, item.agent_id, item.piece);
  }
};

// Answers kQuerySession, kQuerySessions, kQueryFindSession, kResolveKeys.
struct SessionsItem {
  static constexpr auto kKind = ItemKind::sessions;
  std::uint64_t total{};  // how many match, of which `sessions` are a page
  Seq as_of{};            // the state's last event when it was asked
  // kResolveKeys: one for each key that was asked, in that order; of a session that is not there
  // only its key.
  std::vector<core::SessionView> sessions{};
  std::string_view key{};  // kQuerySession: what the typed key stands for
  bool malformed{};        // a typed key is malformed

  static void list(auto& item, auto& fields) {
    fields(item.total, item.as_of, item.key, item.malformed, item.sessions);
  }
};

// Messages (MessageReceived), replies (RunFinished, RunFailed, RunAborted, CommandAnswered) and
// tools (ToolCalled, ToolReturned) of one session's present life, ascending by seq. Right before
// one of them may stand what belongs to it: a PartialAnswerRecorded, or a BodyRecorded without its
// digest.
struct HistoryItem {
  static constexpr auto kKind = ItemKind::history;
  bool found{};
  bool more{};  // there are older ones
  core::SessionView session{};
  std::vector<EventView> events{};
  std::string_view key{};  // of a session that is not there: what the typed key stands for
  bool malformed{};        // the typed key is

  static void list(auto& item, auto& fields) {
    fields(item.found, item.more, item.key, item.malformed, item.session, item.events);
  }
};

// Answers kQueryRun.
struct RunItem {
  static constexpr auto kKind = ItemKind::run;
  bool found{};
  core::RunView run{};
  std::string_view session_key{};
  bool has_end{};
  EventView end{};  // RunFinished / RunFailed / RunAborted when it has ended

  static void list(auto& item, auto& fields) {
    fields(item.found, item.has_end, item.run, item.session_key);
    if (item.has_end) fields(item.end);
  }
};

// The orderly stop: the last item ever.
struct StoppingItem {
  static constexpr auto kKind = ItemKind::stopping;
  std::string_view reason{};

  static void list(auto& item, auto& fields) { fields(item.reason); }
};

// A run that waits, is worked on, or has ended.
struct ListedRun {
  core::RunView run{};
  std::string_view session_key{};
  std::int64_t queued_wall_ms{};
  std::string_view behind_run_key{};  // of its session, being worked on; empty = none is

  static void list(auto& item, auto& fields) {
    fields(item.run, item.session_key, item.queued_wall_ms, item.behind_run_key);
  }
};
// Answers kQueryRuns.
struct RunsItem {
  static constexpr auto kKind = ItemKind::runs;
  std::uint64_t total{};  // how many there are; of open ones `runs` are the oldest, of ended ones
                          // the latest
  std::vector<ListedRun> runs{};

  static void list(auto& item, auto& fields) { fields(item.total, item.runs); }
};

// Answers kQueryStatus.
struct StatusItem {
  static constexpr auto kKind = ItemKind::status;
  core::StateCounts counts{};
  Seq applied{};
  Seq durable{};
  Seq follower_applied{};
  Seq indexed{};
  Seq snapshot{};
  Bits128 epoch{};
  std::uint64_t journal_bytes{};

  static void list(auto& item, auto& fields) {
    fields(item.counts, item.applied, item.durable, item.follower_applied, item.indexed,
           item.snapshot, item.epoch, item.journal_bytes);
  }
};

// Answers kQueryDigest. Names of tables are static storage of this process.
struct DigestItem {
  static constexpr auto kKind = ItemKind::digest;
  core::StateDigest digest{};

  static void list(auto& item, auto& fields) { fields(item.digest); }
};

// Answers kQueryDevice, kQueryDevices.
struct DevicesItem {
  static constexpr auto kKind = ItemKind::devices;
  std::uint64_t total{};  // how many there are, of which `devices` are a page
  std::vector<core::DeviceView> devices{};

  static void list(auto& item, auto& fields) { fields(item.total, item.devices); }
};

// Answers kQueryPairing.
struct PairingItem {
  static constexpr auto kKind = ItemKind::pairing;
  std::vector<core::PairingView> requests{};  // live ones, the oldest first

  static void list(auto& item, auto& fields) { fields(item.requests); }
};

// Answers kQueryApprovals.
struct ApprovalsItem {
  static constexpr auto kKind = ItemKind::approvals;
  std::vector<core::ApprovalView> approvals{};  // that wait for an answer, the oldest first

  static void list(auto& item, auto& fields) { fields(item.approvals); }
};

// Give this message to the agent.
struct PromptItem {
  static constexpr auto kKind = ItemKind::prompt;
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

  static void list(auto& item, auto& fields) {
    fields(item.effect, item.run, item.session, item.session_uuid, item.attempt, item.trust,
           item.run_key, item.session_key, item.agent_id, item.agent_session, item.model,
           item.thinking_level, item.text);
  }
};

// A message that came while its session was busy.
struct SteerItem {
  static constexpr auto kKind = ItemKind::steer;
  RunId run{};  // queued for it; ends with `into` once the agent has taken it (RunSteered)
  RunId into{};
  std::string_view agent_id{};
  std::string_view text{};

  static void list(auto& item, auto& fields) {
    fields(item.run, item.into, item.agent_id, item.text);
  }
};

// The answer to what an agent asked with an ApprovalRequested.
struct AnswerItem {
  static constexpr auto kKind = ItemKind::answer;
  RunId run{};
  std::uint64_t ask{};
  fb::ApprovalDecision decision{};

  static void list(auto& item, auto& fields) { fields(item.run, item.ask, item.decision); }
};

enum class ControlKind : std::uint32_t { restart, reset };
// Restart or release an agent.
struct ControlItem {
  static constexpr auto kKind = ItemKind::control;
  ControlKind what{};
  std::string_view agent_id{};

  static void list(auto& item, auto& fields) { fields(item.what, item.agent_id); }
};

// Stop working on this run.
struct CancelItem {
  static constexpr auto kKind = ItemKind::cancel;
  RunId run{};

  static void list(auto& item, auto& fields) { fields(item.run); }
};

// Push kDeadline when it is due.
struct ArmItem {
  static constexpr auto kKind = ItemKind::arm;
  std::uint64_t deadline_ms{};  // logical; 0 = nothing pending
  std::uint64_t now_ms{};       // logical now, when this was sent

  static void list(auto& item, auto& fields) { fields(item.deadline_ms, item.now_ms); }
};

// Adds one item to the producer's open block; without a connection it is for no single client.
template <class Item>
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const Item& item) {
  Sizer sizer;
  Item::list(item, sizer);
  Writer writer{out.add(OutHeader{.bytes = static_cast<std::uint32_t>(sizer.bytes()),
                                  .kind = static_cast<std::uint16_t>(Item::kKind),
                                  .connection = to,
                                  .request = request})};
  Item::list(item, writer);
}
template <class Item>
void write(OutboxProducer& out, const Item& item) {
  write(out, {}, 0, item);
}

// REQUIRES: the header's kind is Item::kKind. Texts in what is read are borrowed: valid until
// Outbox::release() of the block. Vectors of `item` are reused.
template <class Item>
void read(ByteSpan payload, Item& item) {
  Parser parser{payload};
  Item::list(item, parser);
}

}  // namespace spine::pipeline
