// Answers: the items that questions are answered with, which travel between threads and processes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

#include "engine/core/model/decide.h"
#include "engine/core/model/digest.h"
#include "engine/core/model/views.h"
#include "engine/core/questions/codec.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

namespace spine::core {

// What the payload of an item is. Each kind has one struct below: its fields, and all of them once
// more in list(), which is how it gets into an outbox and out again.
enum class ItemKind : std::uint16_t {
  // to the net thread
  reply = 1,
  event = 2,
  delta = 3,  // to the loop thread, too
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
  past = 15,  // an answer for a moment of the past, and why there is none: past.h
  past_failure = 16,
  journal = 17,
  counts = 18,
  channels = 19,
  deliveries = 28,
  send = 32,
  // to the loop thread
  prompt = 20,
  cancel = 21,
  arm = 22,
  steer = 23,
  answer = 24,
  control = 25,
  past_question = 26,
  deliver = 27,
  read_up_to = 29,
  work = 30,
  switch_channel = 31,
};

// The outcome of a journalled input.
struct ReplyItem {
  static constexpr auto kKind = ItemKind::reply;
  Reply reply{};
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

// Answers kQuerySession, kQuerySessions, kQueryFindSession, kResolveKeys.
struct SessionsItem {
  static constexpr auto kKind = ItemKind::sessions;
  std::uint64_t total{};  // how many match, of which `sessions` are a page
  Seq as_of{};            // the state's last event when it was asked
  // kResolveKeys: one for each key that was asked, in that order; of a session that is not there
  // only its key.
  std::vector<SessionView> sessions{};
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
  SessionView session{};
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
  RunView run{};
  std::string_view session_key{};
  bool has_end{};
  EventView end{};  // RunFinished / RunFailed / RunAborted when it has ended

  static void list(auto& item, auto& fields) {
    fields(item.found, item.has_end, item.run, item.session_key);
    if (item.has_end) fields(item.end);
  }
};

// A run that waits, is worked on, or has ended.
struct ListedRun {
  RunView run{};
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

// Answers kQueryDigest.
struct DigestItem {
  static constexpr auto kKind = ItemKind::digest;
  StateDigest digest{};

  static void list(auto& item, auto& fields) {
    auto& digest = item.digest;
    fields(digest.version, digest.seq, digest.total, digest.table_count);
    // What another process counts may be more than there is room for.
    const std::size_t count = std::min(digest.table_count, digest.tables.size());
    if constexpr (!std::is_const_v<std::remove_reference_t<decltype(digest)>>)
      digest.table_count = count;
    for (std::size_t i = 0; i < count; ++i)
      fields(digest.tables[i].table, digest.tables[i].rows, digest.tables[i].digest);
  }
};

// Answers kQueryDevice, kQueryDevices.
struct DevicesItem {
  static constexpr auto kKind = ItemKind::devices;
  std::uint64_t total{};  // how many there are, of which `devices` are a page
  std::vector<DeviceView> devices{};

  static void list(auto& item, auto& fields) { fields(item.total, item.devices); }
};

// Answers kQueryPairing.
struct PairingItem {
  static constexpr auto kKind = ItemKind::pairing;
  std::vector<PairingView> requests{};  // live ones, the oldest first

  static void list(auto& item, auto& fields) { fields(item.requests); }
};

// Answers kQueryApprovals.
struct ApprovalsItem {
  static constexpr auto kKind = ItemKind::approvals;
  std::vector<ApprovalView> approvals{};  // that wait for an answer, the oldest first

  static void list(auto& item, auto& fields) { fields(item.approvals); }
};

// Answers kQueryCounts.
struct CountsItem {
  static constexpr auto kKind = ItemKind::counts;
  Seq applied{};  // the state's last event
  StateCounts counts{};
  std::uint64_t pairing_requests{};             // live ones of senders
  std::uint64_t approvals{};                    // that wait for an answer
  Seq started{};                                // the last EngineStarted; 0 = there is none yet
  bool stopped{};                               // an EngineStopped came behind it
  std::vector<std::string_view> quarantined{};  // agents

  static void list(auto& item, auto& fields) {
    fields(item.applied, item.counts, item.pairing_requests, item.approvals, item.started,
           item.stopped, item.quarantined);
  }
};

// Answers kQueryChannels.
struct ChannelsItem {
  static constexpr auto kKind = ItemKind::channels;
  std::vector<ChannelLoad> channels{};

  static void list(auto& item, auto& fields) { fields(item.channels); }
};

// A delivery, and what the journal says of it.
struct ListedDelivery {
  DeliveryView delivery{};
  std::string_view channel{};
  std::string_view account{};
  std::string_view run_key{};      // empty = of no run, or of one that ended long ago
  std::string_view session_key{};  // empty = of none, or it is not there any more
  fb::ConversationKind conversation{};
  std::string_view conversation_id{};
  std::string_view thread{};
  std::string_view reply_to{};  // the platform's id of the message that is answered
  std::string_view text{};      // on a list its beginning
  std::uint64_t text_bytes{};   // of all of it
  // Of a delivery that waits.
  std::int64_t not_before_wall_ms{};
  std::int64_t expires_wall_ms{};
  Seq failed{};  // the last DeliveryFailed; 0 = there is none
  std::int64_t failed_wall_ms{};
  fb::DeliveryFailure failure{};
  std::string_view problem{};  // why, for people

  static void list(auto& item, auto& fields) {
    fields(item.delivery, item.channel, item.account, item.run_key, item.session_key,
           item.conversation, item.conversation_id, item.thread, item.reply_to, item.text,
           item.text_bytes, item.not_before_wall_ms, item.expires_wall_ms, item.failed,
           item.failed_wall_ms, item.failure, item.problem);
  }
};

// Answers kQueryDeliveries, kQueryDelivery.
struct DeliveriesItem {
  static constexpr auto kKind = ItemKind::deliveries;
  std::uint64_t total{};  // how many match, of which `deliveries` are a page
  std::vector<ChannelLoad> channels{};
  std::vector<ListedDelivery> deliveries{};
  // kQueryDelivery: what happened to it, ascending: DeliveryRequested, DeliveryAttempted,
  // DeliveryFailed, DeliveryRetryScheduled, DeliveryDeadLettered, DeliveryRetryRequested. Of a long
  // life the last part; of one without a session what its row leads to.
  std::vector<EventView> history{};

  static void list(auto& item, auto& fields) {
    fields(item.total, item.channels, item.deliveries, item.history);
  }
};

// Answers kQuerySend.
struct SendItem {
  static constexpr auto kKind = ItemKind::send;
  bool found{};        // else it was asked for long ago, or never
  bool has_end{};      // else it is under way
  EventView end{};     // DeliveryConfirmed / DeliveryDeadLettered
  bool has_failure{};  // the end came of it
  EventView failure{};

  static void list(auto& item, auto& fields) {
    fields(item.found, item.has_end, item.has_failure);
    if (item.has_end) fields(item.end);
    if (item.has_failure) fields(item.failure);
  }
};

}  // namespace spine::core
