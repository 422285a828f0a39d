// Messages: the payloads of outbox items, written by the engine side and read by adapters.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/core/model/views.h"
#include "engine/core/questions/answers.h"
#include "engine/core/questions/codec.h"
#include "engine/pipeline/queues/outbox.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::pipeline {

using core::ApprovalsItem;
using core::ChannelsItem;
using core::DeliveriesItem;
using core::DevicesItem;
using core::DigestItem;
using core::HistoryItem;
using core::ItemKind;
using core::ListedDelivery;
using core::ListedRun;
using core::PairingItem;
using core::Parser;
using core::read;
using core::ReplyItem;
using core::RunItem;
using core::RunsItem;
using core::SendItem;
using core::SessionsItem;
using core::Sizer;
using core::Writer;

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

// A text delta: a piece of an answer that is being written. To the loop thread it goes without the
// names.
struct DeltaItem {
  static constexpr auto kKind = ItemKind::delta;
  RunId run{};
  std::uint16_t attempt{};  // of the run, that the piece is written in; 1 = the first
  std::string_view run_key{};
  std::string_view session_key{};
  std::string_view agent_id{};
  std::string_view piece{};
  bool behind{};  // of a run whose answer goes to a channel: others are in line there before it

  static void list(auto& item, auto& fields) {
    fields(item.run, item.attempt, item.run_key, item.session_key, item.agent_id, item.piece,
           item.behind);
  }
};

// The orderly stop: the last item ever.
struct StoppingItem {
  static constexpr auto kKind = ItemKind::stopping;
  std::string_view reason{};

  static void list(auto& item, auto& fields) { fields(item.reason); }
};

// Answers kQueryStatus.
struct StatusItem {
  static constexpr auto kKind = ItemKind::status;
  core::CountsItem state{};
  Seq durable{};
  Seq follower_applied{};
  Seq indexed{};
  Seq snapshot{};
  std::uint64_t journal_bytes{};

  static void list(auto& item, auto& fields) {
    fields(item.state, item.durable, item.follower_applied, item.indexed, item.snapshot,
           item.journal_bytes);
  }
};

// A file that came with a message of a prompt, or that goes with a delivery.
struct PromptFile {
  std::string_view name{};       // as people sent it; may be cut, or empty
  std::string_view mime_type{};  // of the content, where that is there
  ByteSpan sha256{};             // of the content in the media folder; empty = it is not there
  std::uint64_t bytes{};         // 0 = not known
  fb::AttachmentKind kind{};
  fb::AttachmentProblem problem{};  // why the content is not there

  static void list(auto& item, auto& fields) {
    fields(item.name, item.mime_type, item.sha256, item.bytes, item.kind, item.problem);
  }
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
  std::vector<PromptFile> files{};    // that came with them: at most kPromptFilesMax
  std::uint32_t files_left_out{};     // further ones

  static void list(auto& item, auto& fields) {
    fields(item.effect, item.run, item.session, item.session_uuid, item.attempt, item.trust,
           item.run_key, item.session_key, item.agent_id, item.agent_session, item.model,
           item.thinking_level, item.text, item.files, item.files_left_out);
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

// A run whose answer goes to a channel is worked on, or not any more.
struct WorkItem {
  static constexpr auto kKind = ItemKind::work;
  RunId run{};
  std::uint16_t attempt{};  // 1 = the first; what earlier ones said does not count any more
  bool working{};           // with what follows; else only `run`, `channel` and `account` are there
  bool previewed{};         // a message with its text so far was sent; may have been, without an id
  fb::ConversationKind conversation{};
  std::string_view channel{};
  std::string_view account{};
  std::string_view conversation_id{};
  std::string_view thread{};
  std::string_view reply_to{};    // the platform's id of the message that is answered
  std::string_view preview_id{};  // and of that message

  static void list(auto& item, auto& fields) {
    fields(item.run, item.attempt, item.working, item.previewed, item.conversation, item.channel,
           item.account, item.conversation_id, item.thread, item.reply_to, item.preview_id);
  }
};

// Send this to the channel. It is answered with a DeliveryConfirmed or a DeliveryFailed.
struct DeliverItem {
  static constexpr auto kKind = ItemKind::deliver;
  EffectId effect{};  // of the attempt
  DeliveryId delivery{};
  RunId run{};              // whose answer it is; 0 = of none
  std::uint16_t attempt{};  // 1 = the first
  std::uint32_t pieces{};   // files and pieces of the text that have arrived
  fb::DeliveryPurpose purpose{};
  fb::ConversationKind conversation{};
  std::string_view channel{};
  std::string_view account{};
  std::string_view conversation_id{};
  std::string_view thread{};
  std::string_view reply_to{};    // the platform's id of the message that is answered
  std::string_view preview_id{};  // the platform's id of the message whose place it takes
  std::string_view text{};
  std::vector<PromptFile> files{};  // that go with it, all of them in the media folder
  std::string_view problem{};       // why it cannot be read and so not be sent; empty = none

  static void list(auto& item, auto& fields) {
    fields(item.effect, item.delivery, item.run, item.attempt, item.pieces, item.purpose,
           item.conversation, item.channel, item.account, item.conversation_id, item.thread,
           item.reply_to, item.preview_id, item.text, item.files, item.problem);
  }
};

// What the channel was read up to, and all that came before it, is in the journal.
struct ReadUpToItem {
  static constexpr auto kKind = ItemKind::read_up_to;
  std::string_view channel{};
  std::string_view account{};
  std::string_view identity{};  // of the account whose position it is
  std::string_view position{};

  static void list(auto& item, auto& fields) {
    fields(item.channel, item.account, item.identity, item.position);
  }
};

// Start the account, or stop it.
struct SwitchItem {
  static constexpr auto kKind = ItemKind::switch_channel;
  std::string_view channel{};
  std::string_view account{};
  fb::ChannelSwitch to{};

  static void list(auto& item, auto& fields) { fields(item.channel, item.account, item.to); }
};

// A question about the past. It is answered with a PastItem or a PastFailureItem, for the
// connection and request in the header.
struct PastQuestionItem {
  static constexpr auto kKind = ItemKind::past_question;
  std::string_view line{};  // a core::PastQuestion, as it is sent on

  static void list(auto& item, auto& fields) { fields(item.line); }
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

// Items are read with read(): texts are then borrowed until Outbox::release() of the block.

// Adds one item to the producer's open block; without a connection it is for no single client.
template <class Item>
void write(OutboxProducer& out, ConnectionRef to, std::uint64_t request, const Item& item) {
  Writer writer{out.add(OutHeader{.bytes = static_cast<std::uint32_t>(core::size_of(item)),
                                  .kind = static_cast<std::uint16_t>(Item::kKind),
                                  .connection = to,
                                  .request = request})};
  Item::list(item, writer);
}
template <class Item>
void write(OutboxProducer& out, const Item& item) {
  write(out, {}, 0, item);
}

}  // namespace spine::pipeline
