// Rows: the columns of every table of the state, each listed once.
//
// A row type is a template over what its texts are: places in the arena (Text) or strings in the
// table itself, string_views in the copies for readers. Its columns() give the number of each
// column in digests and snapshots, its name for people, the member, and its bound. A new column is
// a member and its line in columns(): with a number that was never used, behind the others. At its
// default value it contributes nothing to a digest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "engine/core/model/columns.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::core {

// ---- The engine itself

// The last process that ran on the journal, and the machine's boot it ran in.
struct EngineLife {
  Bits128 boot_id{};                  // of the last EngineStarted
  std::uint64_t boottime_ms{};        // at that event
  std::uint64_t start_logical_ms{};   // logical time of that event
  Seq started{};                      // its seq; 0 = never started
  Bits128 loss{};                     // id of the last accepted loss or restore; zero = none
  bool stopped{};                     // EngineStopped came after it: the last stop was orderly
  std::int16_t utc_offset_minutes{};  // of the last TimeZoneChanged
};

// ---- Sessions

// What every message of a session touches.
struct SessionActivity {
  std::uint64_t active_ms{};   // logical time of the last message or end of a run
  std::uint64_t active_seq{};  // and its event: orders sessions that wait to expire
  Seq history_first{};         // first message of this life; 0 = none
  Seq history_last{};
  std::uint64_t message_count{};   // messages and replies of this life
  std::int64_t updated_wall_ms{};  // last message or reply
};

// What changes rarely.
template <class Text>
struct SessionFacts {
  SessionId id{};  // 0 = the row is free
  Bits128 uuid{};  // sessionId of the protocol
  PrincipalId owner{};
  std::int64_t started_wall_ms{};  // of this life (last reset)
  Text key{};
  Text agent_id{};
  Text channel{};
  Text display_name{};
  Text label{};           // given by a client, unique among sessions; may be empty
  Text thinking_level{};  // empty = the agent's own
  Text model{};           // "provider/model"; empty = the agent's own
  Text agent_session{};   // the agent's own name of the conversation; empty = none yet
  std::uint32_t marks{};  // bits of fb::SessionMark
  fb::ConversationKind conversation{};

  // Of both parts of the row.
  static constexpr auto columns() {
    using Facts = SessionFacts;
    using Activity = SessionActivity;
    return std::tuple{
        column(0, "id", &Facts::id),
        column(1, "key", &Facts::key, limits::kKeyBytesMax),
        column(2, "agent_id", &Facts::agent_id, limits::kNameBytesMax),
        column(3, "channel", &Facts::channel, limits::kNameBytesMax),
        column(4, "display_name", &Facts::display_name, limits::kNameBytesMax),
        column(5, "uuid", &Facts::uuid),
        column(6, "conversation", &Facts::conversation),
        column(7, "owner", &Facts::owner),
        column(8, "started_wall_ms", &Facts::started_wall_ms),
        column(9, "updated_wall_ms", &Activity::updated_wall_ms),
        column(10, "active_ms", &Activity::active_ms),
        column(11, "active_seq", &Activity::active_seq, kSeqOfState),
        column(12, "history_first", &Activity::history_first, kSeqOfState),
        column(13, "history_last", &Activity::history_last, kSeqOfState),
        column(14, "message_count", &Activity::message_count),
        column(15, "label", &Facts::label, limits::kNameBytesMax),
        column(16, "thinking_level", &Facts::thinking_level, limits::kThinkingLevelBytesMax),
        column(17, "model", &Facts::model, limits::kModelBytesMax),
        column(18, "marks", &Facts::marks),
        column(19, "agent_session", &Facts::agent_session, limits::kAgentSessionBytesMax)};
  }
};

// Of a session that was rewound or forked: what its history has from before history_first.
struct SessionHistory {
  SessionId session{};
  std::string parts{};  // "<session>:<first seq>-<last seq>,...", ascending

  static constexpr auto columns() {
    using Row = SessionHistory;
    return std::tuple{column(0, "session", &Row::session),
                      column(1, "parts", &Row::parts, limits::kHistoryPartsBytesMax)};
  }
};

struct SessionRow : SessionActivity, SessionFacts<std::string_view> {};

// ---- Principals

// What every message of a principal touches.
struct PrincipalActivity {
  std::uint64_t tat_us{};      // token bucket (rate.h)
  std::uint64_t active_ms{};   // logical time it was last needed
  std::uint64_t active_seq{};  // and the event
};

template <class Text>
struct PrincipalFacts {
  PrincipalId id{};  // 0 = the row is free
  Text key{};
  Text name{};
  fb::PrincipalKind kind{};

  // Of both parts of the row.
  static constexpr auto columns() {
    using Facts = PrincipalFacts;
    using Activity = PrincipalActivity;
    return std::tuple{column(0, "id", &Facts::id),
                      column(1, "kind", &Facts::kind),
                      column(2, "key", &Facts::key, limits::kKeyBytesMax),
                      column(3, "name", &Facts::name, limits::kNameBytesMax),
                      column(4, "tat_us", &Activity::tat_us),
                      column(5, "active_ms", &Activity::active_ms),
                      column(6, "active_seq", &Activity::active_seq, kSeqOfState)};
  }
};

struct PrincipalRow : PrincipalActivity, PrincipalFacts<std::string_view> {};

// ---- Runs

// Numbers are in snapshots.
enum class RunStatus : std::uint8_t { unknown, queued, running, finished, failed, aborted };

template <class Text>
struct RunRow {
  RunId id{};  // 0 = the row is free
  SessionId session{};
  Seq message{};                  // the MessageReceived it answers
  PrincipalId principal{};        // who sent that
  std::uint64_t correlation{};    // first input of the chain
  std::uint64_t not_before_ms{};  // logical; 0 = not delayed
  Seq started{};                  // RunStarted: id of the obligation; 0 = not started
  Seq ended{};                    // RunFinished / RunFailed / RunAborted / RunsMerged; 0 = open
  std::int64_t started_wall_ms{};
  std::int64_t ended_wall_ms{};
  RunId steered{};       // queued: the run whose agent took its message; 0 = none
  Seq previous{};        // of a retry: the last RunStarted of the run before; 0 = none
  ChannelId channel{};   // that the answer is delivered to; 0 = to none
  std::uint64_t lane{};  // of the delivery
  Text key{};
  Text agent_id{};
  std::uint16_t attempt{};  // 0 = not started
  std::uint16_t crashes{};  // attempts cut off by crashes, of the agent or the gateway
  RunStatus status{};
  fb::Trust trust{};
  fb::QueueMode queue_mode{};  // unset = followup

  static constexpr auto columns() {
    using Row = RunRow;
    return std::tuple{
        column(0, "id", &Row::id),
        column(1, "key", &Row::key, limits::kIdempotencyKeyBytesMax),
        column(2, "agent_id", &Row::agent_id, limits::kNameBytesMax),
        column(3, "session", &Row::session),
        column(4, "message", &Row::message),
        column(5, "principal", &Row::principal),
        column(6, "correlation", &Row::correlation),
        column(7, "not_before_ms", &Row::not_before_ms),
        column(8, "started", &Row::started, kSeqOfState),
        column(9, "ended", &Row::ended, kSeqOfState),
        column(10, "started_wall_ms", &Row::started_wall_ms),
        column(11, "ended_wall_ms", &Row::ended_wall_ms),
        column(12, "attempt", &Row::attempt),
        column(13, "status", &Row::status, static_cast<std::uint64_t>(RunStatus::aborted)),
        column(14, "crashes", &Row::crashes),
        column(15, "trust", &Row::trust),
        column(16, "queue_mode", &Row::queue_mode),
        column(17, "steered", &Row::steered),
        column(18, "previous", &Row::previous, kSeqOfState),
        column(19, "channel", &Row::channel),
        column(20, "lane", &Row::lane)};
  }
};

// ---- Channels and deliveries

// Whether deliveries may be given to an account in that state.
constexpr bool is_usable(fb::ChannelState state) {
  return state == fb::ChannelState::connected || state == fb::ChannelState::degraded;
}

// An account of a channel that the gateway delivers to.
struct ChannelRow {
  ChannelId id{};  // seq of its first ChannelStateChanged
  std::string name{};
  std::string account{};
  fb::ChannelState state{};
  std::int64_t since_wall_ms{};  // of the state
  std::string problem{};         // with its remedy; empty = none
  std::string identity{};        // who it is on the platform; empty = not known yet
  std::string position{};        // up to where it was read; opaque
  std::string position_of{};     // the identity whose position it is
  fb::ChannelSwitch wanted{};    // by people; the state says what came of it
  bool served{};                 // by a client of the gateway, not by the gateway itself

  bool usable() const { return is_usable(state); }

  static constexpr auto columns() {
    using Row = ChannelRow;
    return std::tuple{column(0, "id", &Row::id),
                      column(1, "name", &Row::name, limits::kNameBytesMax),
                      column(2, "account", &Row::account, limits::kNameBytesMax),
                      column(3, "state", &Row::state),
                      column(4, "since_wall_ms", &Row::since_wall_ms),
                      column(5, "problem", &Row::problem, limits::kKeyBytesMax),
                      column(6, "identity", &Row::identity, limits::kNameBytesMax),
                      column(7, "position", &Row::position, limits::kNameBytesMax),
                      column(8, "position_of", &Row::position_of, limits::kNameBytesMax),
                      column(9, "wanted", &Row::wanted),
                      column(10, "served", &Row::served)};
  }
};

// Numbers are in snapshots.
enum class DeliveryStatus : std::uint8_t { unknown, waiting, attempted, dead };

// Something that is to be sent, was not sent, or may have been. What and where to stands in the
// journal: events `id`, `message` and `body`.
struct DeliveryRow {
  DeliveryId id{};  // 0 = the row is free
  ChannelId channel{};
  std::uint64_t lane{};  // one after the other within it
  Seq queued{};          // the event that put it in line, which is in order of these
  SessionId session{};
  RunId run{};
  PrincipalId principal{};
  std::uint64_t correlation{};
  std::uint64_t not_before_ms{};  // logical
  std::uint64_t expires_ms{};     // logical
  Seq attempted{};                // the last DeliveryAttempted: id of the obligation; 0 = none
  Seq ended{};                    // the DeliveryDeadLettered; 0 = it is no dead letter
  std::int64_t created_wall_ms{};
  Seq preview{};             // the DeliveryPreviewed whose message it takes the place of; 0 = none
  std::uint32_t pieces{};    // of the text, that have arrived
  std::uint16_t attempts{};  // those that count
  DeliveryStatus status{};
  fb::DeadLetterReason reason{};  // of a dead letter
  fb::DeliveryPurpose purpose{};

  static constexpr auto columns() {
    using Row = DeliveryRow;
    return std::tuple{
        column(0, "id", &Row::id),
        column(1, "channel", &Row::channel),
        column(2, "lane", &Row::lane),
        column(3, "queued", &Row::queued, kSeqOfState),
        column(4, "session", &Row::session),
        column(5, "run", &Row::run),
        column(6, "principal", &Row::principal),
        column(7, "correlation", &Row::correlation),
        column(8, "not_before_ms", &Row::not_before_ms),
        column(9, "expires_ms", &Row::expires_ms),
        column(10, "attempted", &Row::attempted, kSeqOfState),
        column(11, "ended", &Row::ended, kSeqOfState),
        column(12, "created_wall_ms", &Row::created_wall_ms),
        column(13, "pieces", &Row::pieces),
        column(14, "attempts", &Row::attempts),
        column(15, "status", &Row::status, static_cast<std::uint64_t>(DeliveryStatus::dead)),
        column(16, "reason", &Row::reason),
        column(17, "purpose", &Row::purpose),
        column(18, "preview", &Row::preview)};
  }
};

// A run at work whose text so far its channel shows.
struct PreviewRow {
  Seq previewed{};  // the DeliveryPreviewed
  RunId run{};
  std::string platform_id{};  // of the message; empty = not known

  static constexpr auto columns() {
    using Row = PreviewRow;
    return std::tuple{column(0, "previewed", &Row::previewed), column(1, "run", &Row::run),
                      column(2, "platform_id", &Row::platform_id, limits::kNameBytesMax)};
  }
};

// A conversation that has another id now.
struct MigrationRow {
  Seq id{};  // the ConversationMigrated
  std::string channel{};
  std::string account{};
  std::string from{};
  std::string to{};

  static constexpr auto columns() {
    using Row = MigrationRow;
    return std::tuple{column(0, "id", &Row::id),
                      column(1, "channel", &Row::channel, limits::kNameBytesMax),
                      column(2, "account", &Row::account, limits::kNameBytesMax),
                      column(3, "from", &Row::from, limits::kNameBytesMax),
                      column(4, "to", &Row::to, limits::kNameBytesMax)};
  }
};

// A turn that waits for what its sender adds.
struct BurstRow {
  Seq id{};       // the BurstOpened
  Seq message{};  // its first
  SessionId session{};
  RunId run{};                // that waits for it; 0 = nothing was addressed to the agent so far
  Bits128 key{};              // who writes where
  Bits128 group{};            // of the album; zero = it is none
  std::uint64_t closes_ms{};  // logical
  std::uint64_t until_ms{};   // logical: it closes then at the latest
  std::string more{};         // seqs of further messages, "17,19"

  static constexpr auto columns() {
    using Row = BurstRow;
    // Of each message: 20 digits and what stands between.
    return std::tuple{column(0, "id", &Row::id),
                      column(1, "message", &Row::message),
                      column(2, "session", &Row::session),
                      column(3, "run", &Row::run),
                      column(4, "key", &Row::key),
                      column(5, "group", &Row::group),
                      column(6, "closes_ms", &Row::closes_ms),
                      column(7, "until_ms", &Row::until_ms),
                      column(8, "more", &Row::more, limits::kBurstMessagesMax * 21)};
  }
};

// ---- Fingerprints

struct Duplicate {
  Bits128 fingerprint{};
  Seq seq{};
  std::uint32_t minute{};  // logical time

  static constexpr auto columns() {
    using Row = Duplicate;
    return std::tuple{column(0, "fingerprint", &Row::fingerprint),
                      column(1, "seq", &Row::seq, kSeqOfState), column(2, "minute", &Row::minute)};
  }
};

struct IdempotentRequest {
  Bits128 fingerprint{};  // of (principal, key)
  Seq message{};          // the MessageReceived it became
  RunId run{};            // its run; 0 = none
  std::uint64_t logical_ms{};

  static constexpr auto columns() {
    using Row = IdempotentRequest;
    return std::tuple{column(0, "fingerprint", &Row::fingerprint),
                      column(1, "message", &Row::message, kSeqOfState), column(2, "run", &Row::run),
                      column(3, "logical_ms", &Row::logical_ms)};
  }
};

// A text that somebody asked to be sent to a channel.
struct SendRow {
  Seq request{};          // the SendRequested
  Bits128 fingerprint{};  // of (principal, key)
  Seq ended{};            // the DeliveryConfirmed or DeliveryDeadLettered; 0 = it is under way
  std::uint64_t logical_ms{};

  // The event behind the request: see SendRequested.
  DeliveryId delivery() const { return DeliveryId{request.value + 1}; }

  static constexpr auto columns() {
    using Row = SendRow;
    return std::tuple{column(0, "request", &Row::request, kSeqOfState),
                      column(1, "fingerprint", &Row::fingerprint),
                      column(2, "ended", &Row::ended, kSeqOfState),
                      column(3, "logical_ms", &Row::logical_ms)};
  }
};

// ---- Devices

// A device that may connect.
template <class Text>
struct DeviceRow {
  Seq paired{};       // the DevicePaired that let it in
  Text device_id{};   // hex SHA-256 of the public key
  Text public_key{};  // Ed25519, bytes
  Text token_hash{};  // SHA-256, bytes; empty = revoked
  Text role{};
  Text scopes{};  // joined with ","
  Text label{};
  Text client_id{};
  Text client_mode{};
  Text platform{};
  Text device_family{};
  Text address{};
  fb::ApprovedVia via{};
  std::int64_t approved_wall_ms{};
  std::int64_t last_seen_wall_ms{};  // 0 = never connected

  static constexpr auto columns() {
    using Row = DeviceRow;
    return std::tuple{column(0, "paired", &Row::paired),
                      column(1, "device_id", &Row::device_id, limits::kNameBytesMax),
                      column(2, "public_key", &Row::public_key, limits::kPublicKeyBytes),
                      column(3, "token_hash", &Row::token_hash, limits::kTokenHashBytes),
                      column(4, "role", &Row::role, limits::kNameBytesMax),
                      column(5, "scopes", &Row::scopes, limits::kScopesBytesMax),
                      column(6, "label", &Row::label, limits::kNameBytesMax),
                      column(7, "client_id", &Row::client_id, limits::kNameBytesMax),
                      column(8, "client_mode", &Row::client_mode, limits::kNameBytesMax),
                      column(9, "platform", &Row::platform, limits::kNameBytesMax),
                      column(10, "device_family", &Row::device_family, limits::kNameBytesMax),
                      column(11, "address", &Row::address, limits::kNameBytesMax),
                      column(12, "via", &Row::via),
                      column(13, "approved_wall_ms", &Row::approved_wall_ms),
                      column(14, "last_seen_wall_ms", &Row::last_seen_wall_ms)};
  }
};

// ---- Pairing of senders

// A sender's request to be let in.
template <class Text>
struct PairingRow {
  Seq request{};  // the ChannelPairingRequested
  Text channel{};
  Text account{};
  Text sender_id{};
  Text sender_name{};
  Text code{};
  std::int64_t created_wall_ms{};
  std::uint64_t expires_ms{};  // logical
  std::int64_t expires_wall_ms{};
  Text conversation_id{};  // the sender's direct one; empty = the gateway does not deliver there

  bool live(std::uint64_t now_ms) const { return now_ms < expires_ms; }

  static constexpr auto columns() {
    using Row = PairingRow;
    return std::tuple{column(0, "request", &Row::request),
                      column(1, "channel", &Row::channel, limits::kNameBytesMax),
                      column(2, "account", &Row::account, limits::kNameBytesMax),
                      column(3, "sender_id", &Row::sender_id, limits::kNameBytesMax),
                      column(4, "sender_name", &Row::sender_name, limits::kNameBytesMax),
                      column(5, "code", &Row::code, limits::kNameBytesMax),
                      column(6, "created_wall_ms", &Row::created_wall_ms),
                      column(7, "expires_ms", &Row::expires_ms),
                      column(8, "expires_wall_ms", &Row::expires_wall_ms),
                      column(9, "conversation_id", &Row::conversation_id, limits::kNameBytesMax)};
  }
};

struct PairedSender {
  Seq resolved{};  // the ChannelPairingResolved
  std::string channel{};
  std::string account{};
  std::string sender_id{};

  static constexpr auto columns() {
    using Row = PairedSender;
    return std::tuple{column(0, "resolved", &Row::resolved),
                      column(1, "channel", &Row::channel, limits::kNameBytesMax),
                      column(2, "account", &Row::account, limits::kNameBytesMax),
                      column(3, "sender_id", &Row::sender_id, limits::kNameBytesMax)};
  }
};

// ---- What agents ask

// An open question of an agent.
template <class Text>
struct ApprovalRow {
  Seq request{};  // the ApprovalRequested
  Bits128 uuid{};
  RunId run{};
  SessionId session{};
  std::uint64_t ask{};  // the adapter's number of the question
  fb::ApprovalKind kind{};
  std::uint32_t options{};  // bit 1 << fb::ApprovalDecision of each answer the agent offers
  Text tool{};
  Text title{};
  Text detail{};
  Text cwd{};
  Text code{};  // empty = not put to people
  std::int64_t created_wall_ms{};
  std::uint64_t expires_ms{};  // logical
  std::int64_t expires_wall_ms{};

  // Whether people were asked.
  bool open() const { return !code.empty(); }

  static constexpr auto columns() {
    using Row = ApprovalRow;
    return std::tuple{column(0, "request", &Row::request),
                      column(1, "uuid", &Row::uuid),
                      column(2, "run", &Row::run),
                      column(3, "session", &Row::session),
                      column(4, "ask", &Row::ask),
                      column(5, "kind", &Row::kind),
                      column(6, "options", &Row::options),
                      column(7, "tool", &Row::tool, limits::kNameBytesMax),
                      column(8, "title", &Row::title, limits::kApprovalTextBytesMax),
                      column(9, "detail", &Row::detail, limits::kApprovalTextBytesMax),
                      column(10, "cwd", &Row::cwd, limits::kApprovalTextBytesMax),
                      column(11, "code", &Row::code, limits::kNameBytesMax),
                      column(12, "created_wall_ms", &Row::created_wall_ms),
                      column(13, "expires_ms", &Row::expires_ms),
                      column(14, "expires_wall_ms", &Row::expires_wall_ms)};
  }
};

struct AllowedTool {
  Seq resolved{};  // the ApprovalResolved that allowed it
  RunId run{};
  std::string key{};  // what was allowed: allowed_key()

  static constexpr auto columns() {
    using Row = AllowedTool;
    return std::tuple{column(0, "resolved", &Row::resolved), column(1, "run", &Row::run),
                      column(2, "key", &Row::key, limits::kNameBytesMax)};
  }
};

struct QuarantinedAgent {
  Seq quarantined{};  // the AgentQuarantined
  std::string agent_id{};

  static constexpr auto columns() {
    using Row = QuarantinedAgent;
    return std::tuple{column(0, "quarantined", &Row::quarantined),
                      column(1, "agent_id", &Row::agent_id, limits::kNameBytesMax)};
  }
};

}  // namespace spine::core
