// Views: read-only answers about the state, for replies and notifications.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/core/base/key_buffer.h"
#include "engine/core/model/rows.h"
#include "engine/core/model/state.h"
#include "engine/core/sessions/histories.h"
#include "schemas/vocab/bytes.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/record.h"

#include "event_generated.h"

namespace spine::core {

// Copies of rows as clients see them, with what belongs to them in other tables. Texts are borrowed
// from the state until its next evolve.

struct SessionView : SessionRow {
  RunId active_run{};
  std::string_view active_run_key{};  // empty = no run is being worked on
  std::uint32_t runs_waiting{};
  bool is_main{};  // of its agent

  // What is not a column of the row.
  template <class Self, class Fields>
  static void joined(Self& view, Fields& fields) {
    fields(view.active_run, view.active_run_key, view.runs_waiting, view.is_main);
  }
};

using RunView = RunRow<std::string_view>;
using DeviceView = DeviceRow<std::string_view>;
using PairingView = PairingRow<std::string_view>;

// An open question of an agent.
struct ApprovalView : ApprovalRow<std::string_view> {
  std::string_view run_key{};
  std::string_view session_key{};
  std::string_view agent_id{};

  // What is not a column of the row.
  template <class Self, class Fields>
  static void joined(Self& view, Fields& fields) {
    fields(view.run_key, view.session_key, view.agent_id);
  }
};

// What a reply says of its session: nearly every input has a reply, and a SessionView costs more.
struct SessionName {
  std::string_view key{};
  Bits128 uuid{};
  RunId active_run{};
};
// All empty when there is no such session.
SessionName name_session(const State& state, SessionId session);

// False when there is no such row; `out` is then untouched.
bool view_session(const State& state, SessionId session, SessionView& out);
bool view_run(const State& state, RunId run, RunView& out);

bool view_device(const State& state, std::string_view device_id, DeviceView& out);
// Requests that have expired by now_ms (logical) are not there.
bool view_pairing(const State& state, Seq request, std::uint64_t now_ms, PairingView& out);

// Of which parts of the journal the session's history consists; none when there is no such session,
// or nothing was said. The last part may have no end yet, and then ends with the last of all seqs.
HistoryParts view_history(const State& state, SessionId session);
// Whether a message that was written in the session itself is part of its history: nothing has cut
// it off. False when there is no such session.
bool is_in_history(const State& state, SessionId session, Seq message);

// The whole key, as stored. 0 when there is none.
SessionId find_session(const State& state, std::string_view key);
// Whether it is the key of the main session of its agent.
bool is_main_session(const State& state, std::string_view key);
// What a key stands for that a client typed (find_session_key); there may be no such session.
bool find_typed_key(const State& state, std::string_view typed, KeyBuffer& key);
// A conversation of a channel, as its messages name it. Borrowed.
struct ConversationPlace {
  std::string_view channel{};  // lower case
  std::string_view account{};
  fb::ConversationKind conversation{};
  std::string_view id{};
  std::string_view thread{};
};
// Of the session that messages from there belong to; there may be no such session.
void find_conversation_key(const State& state, const ConversationPlace& place, KeyBuffer& key);
// By label, exact. 0 when there is none.
SessionId find_session_label(const State& state, std::string_view label);
// By the protocol's sessionId: a UUID, or the first 8 or more hexadecimal digits of one, dashes and
// case of no account. Appends at most `limit` ids, ascending; none when the text is neither.
void find_session_uuid(const State& state, std::string_view text, std::size_t limit,
                       std::vector<SessionId>& out);
// By the protocol's runId among open and recently ended runs. 0 when there is none.
RunId find_run(const State& state, std::string_view run_key);

// Sessions by updated_wall_ms, latest first, ties by id; `agent_id` empty = all.
// Appends at most `limit` ids from position `offset` on; returns how many match in all.
std::size_t list_sessions(const State& state, std::string_view agent_id, std::size_t offset,
                          std::size_t limit, std::vector<SessionId>& out);

// Open runs, the oldest first. Appends at most `limit` ids; returns how many there are.
std::size_t list_open_runs(const State& state, std::size_t limit, std::vector<RunId>& out);

// The last runs that ended, the latest first; likewise. Those of long ago are not in the state.
std::size_t list_ended_runs(const State& state, std::size_t limit, std::vector<RunId>& out);

// Devices in order of approval, the oldest first. Appends at most `limit` from position `offset`
// on; returns how many there are.
std::size_t list_devices(const State& state, std::size_t offset, std::size_t limit,
                         std::vector<DeviceView>& out);
// Requests of senders that have not expired by now_ms (logical), the oldest first; appended.
void list_pairing(const State& state, std::uint64_t now_ms, std::vector<PairingView>& out);

// The rows as they are; texts are borrowed until the next evolve.
using DeliveryView = DeliveryRow;
using ChannelView = ChannelRow;
// False when there is no such row; `out` is then untouched.
bool view_delivery(const State& state, DeliveryId delivery, DeliveryView& out);
bool view_channel(const State& state, ChannelId channel, ChannelView& out);
// What a conversation of that account is called now; the id that is given if nothing else is known.
// Borrowed from the state, or `id` itself.
std::string_view conversation_now(const State& state, const ChannelRow& channel,
                                  std::string_view id);
// Whether something is in line for the conversation that the run's answer goes to.
bool is_behind(const State& state, const RunView& run);
// The row of a run at work whose text so far is shown; false when it is not.
using PreviewView = PreviewRow;
bool view_preview(const State& state, RunId run, PreviewView& out);
// What somebody asked to be sent, by its delivery. False when that was long ago, or never.
bool view_send(const State& state, DeliveryId delivery, SendRow& out);
// In order of their ids; appended.
void list_channels(const State& state, std::vector<ChannelView>& out);
// Dead letters, the latest first; `channel` empty = of all. Appends at most `limit` ids from
// position `offset` on; returns how many match in all.
std::size_t list_dead_letters(const State& state, std::size_t offset, std::size_t limit,
                              std::vector<DeliveryId>& out, std::string_view channel = {});

// A channel, and what there is to be sent there. Texts are borrowed from the state.
struct ChannelLoad {
  ChannelId id{};
  std::string_view name{};
  std::string_view account{};
  fb::ChannelState state{};
  std::int64_t since_wall_ms{};  // of the state
  std::string_view problem{};
  std::string_view identity{};
  fb::ChannelSwitch wanted{};
  bool served{};            // by a client of the gateway
  std::uint64_t waiting{};  // deliveries, attempted ones among them
  std::uint64_t dead_letters{};
  std::int64_t oldest_wall_ms{};  // when the oldest that waits was asked for; 0 = none waits

  static void list(auto& load, auto& fields) {
    fields(load.id, load.name, load.account, load.state, load.since_wall_ms, load.problem,
           load.identity, load.wanted, load.served, load.waiting, load.dead_letters,
           load.oldest_wall_ms);
  }
};
// In order of their ids; appended. Looks at every delivery.
void list_channel_loads(const State& state, std::vector<ChannelLoad>& out);

// False when it is not there, or was answered.
bool view_approval(const State& state, Seq request, ApprovalView& out);
// The same of one that may have been asked just now, and not been put to people.
bool view_question(const State& state, Seq request, ApprovalView& out);
// Those that wait for an answer, the oldest first; appended.
void list_approvals(const State& state, std::vector<ApprovalView>& out);
// Agents in quarantine, by id ascending; appended. Borrowed until the next evolve.
void list_quarantined(const State& state, std::vector<std::string_view>& out);

// Policy::is_reset_trigger of the policy in force.
bool is_reset_trigger(const State& state, std::string_view text, std::string_view& rest);
// Whether the conversation that the event's cause belongs to begins with it: a SessionOpened, or a
// SessionReset that a message goes on after.
bool begins_conversation(const EventView& event);

// What the journal remembers of the process and the machine it last ran on, and of the
// configuration. Borrowed from the state until its next evolve.
struct EngineMemory : EngineLife {
  std::string_view zone{};
  ByteSpan policy{};      // body of the last ConfigApplied as recorded; empty = none yet
  ByteSpan zone_rules{};  // the same of the last ZoneRules
};
EngineMemory view_engine(const State& state);

struct StateCounts {
  std::uint32_t sessions{};
  std::uint32_t principals{};
  std::uint32_t runs_open{};
  std::uint32_t runs_running{};
  std::uint32_t obligations_open{};
  std::uint32_t deliveries_waiting{};  // or attempted
  std::uint32_t dead_letters{};
  std::uint32_t duplicates{};
  std::uint32_t idempotency_keys{};
  std::uint32_t devices{};
  std::uint32_t paired_senders{};
  std::uint64_t duplicates_evicted_young{};   // evicted entries younger than seven days
  std::uint64_t idempotency_evicted_young{};  // evicted keys younger than a day
  std::uint64_t bytes{};                      // memory the tables hold
};
StateCounts count_state(const State& state);

}  // namespace spine::core
