// Kinds: the table.
#include "engine/core/model/kinds.h"

#include <array>

#include "engine/core/agents/decide.h"
#include "engine/core/agents/evolve.h"
#include "engine/core/approvals/decide.h"
#include "engine/core/approvals/evolve.h"
#include "engine/core/channels/decide.h"
#include "engine/core/channels/evolve.h"
#include "engine/core/deliveries/decide.h"
#include "engine/core/deliveries/evolve.h"
#include "engine/core/devices/decide.h"
#include "engine/core/devices/evolve.h"
#include "engine/core/messages/decide.h"
#include "engine/core/messages/evolve.h"
#include "engine/core/model/deadlines.h"
#include "engine/core/pairing/decide.h"
#include "engine/core/pairing/evolve.h"
#include "engine/core/principals/decide.h"
#include "engine/core/principals/evolve.h"
#include "engine/core/runs/decide.h"
#include "engine/core/runs/evolve.h"
#include "engine/core/sends/decide.h"
#include "engine/core/sends/evolve.h"
#include "engine/core/sessions/decide.h"
#include "engine/core/sessions/evolve.h"

namespace spine::core {
namespace {

using enum Told;
using Body = fb::EventBody;

template <class Table>
void run_in(const EventView& event, std::vector<RunId>& out) {
  out.push_back(RunId{root_of<Table>(event).run()});
}

template <class Table>
void runs_in(const EventView& event, std::vector<RunId>& out) {
  const auto* listed = root_of<Table>(event).runs();
  for (flatbuffers::uoffset_t i = 0; listed != nullptr && i < listed->size(); ++i)
    out.push_back(RunId{listed->Get(i)});
}

void queued_run(const EventView& event, std::vector<RunId>& out) {
  out.push_back(RunId{event.seq.value});
}

// A new kind needs its table in the schema, its rule and its fold in the files of its subject, and
// its row here; and, if it is pushed to clients, a renderer (pushes of adapters/websocket).
constexpr Kind kKinds[]{
    {.kind = Body::JournalCreated, .decide = decide_recorded, .fold = fold_journal_created},
    {.kind = Body::EngineStarted, .decide = decide_recorded, .fold = fold_engine_started},
    {.kind = Body::EngineStopped,
     .decide = decide_recorded,
     .fold = fold_engine_stopped,
     .closes = true},
    {.kind = Body::ClockJumped, .decide = decide_recorded},
    {.kind = Body::TimeZoneChanged, .decide = decide_recorded, .fold = fold_time_zone},
    {.kind = Body::DeadlineReached, .decide = decide_deadline},
    {.kind = Body::StateDigested, .decide = decide_recorded},
    {.kind = Body::ZoneRules, .decide = decide_zone_rules, .fold = fold_zone_rules},

    {.kind = Body::PrincipalAdded, .fold = fold_principal_added},
    {.kind = Body::PrincipalExpired, .fold = fold_principal_expired},
    {.kind = Body::ClientConnected, .decide = decide_client, .fold = fold_client_connected},
    {.kind = Body::ClientDisconnected, .decide = decide_recorded, .closes = true},
    {.kind = Body::ConnectsRefused, .decide = decide_connects_refused},

    {.kind = Body::MessageReceived,
     .decide = decide_message,
     .fold = fold_message,
     .told = session_watchers},
    {.kind = Body::MessageRejected, .fold = fold_rejection},
    {.kind = Body::SessionOpened,
     .decide = decide_session_open,
     .fold = fold_session_opened,
     .told = session_watchers},
    {.kind = Body::SessionReset,
     .decide = decide_session_reset,
     .fold = fold_session_reset,
     .told = session_watchers},
    {.kind = Body::SessionClosed,
     .decide = decide_session_close,
     .fold = fold_session_closed,
     .told = session_watchers,
     .closes = true},
    {.kind = Body::SessionPatched,
     .decide = decide_session_patch,
     .fold = fold_session_patched,
     .told = session_watchers},
    {.kind = Body::CommandAnswered, .fold = fold_command_answered, .told = run_watchers},
    {.kind = Body::SessionRewound,
     .decide = decide_session_rewind,
     .fold = fold_session_rewound,
     .told = session_watchers},
    {.kind = Body::BurstOpened, .fold = fold_burst_opened},
    {.kind = Body::BurstJoined, .fold = fold_burst_joined},

    {.kind = Body::RunQueued,
     .fold = fold_run_queued,
     .effects = effects_of_queued,
     .runs = queued_run,
     .told = run_watchers},
    {.kind = Body::RunStarted,
     .fold = fold_run_started,
     .effects = effects_of_started,
     .runs = run_in<fb::RunStarted>,
     .told = run_watchers},
    {.kind = Body::RunFinished,
     .decide = decide_run_end,
     .fold = fold_run_finished,
     .effects = effects_of_finished,
     .runs = run_in<fb::RunFinished>,
     .told = run_watchers,
     .closes = true},
    {.kind = Body::RunFailed,
     .decide = decide_run_end,
     .fold = fold_run_failed,
     .effects = effects_of_failed,
     .runs = run_in<fb::RunFailed>,
     .told = run_watchers,
     .closes = true},
    {.kind = Body::RunAborted,
     .decide = decide_abort,
     .fold = fold_runs_aborted,
     .effects = effects_of_aborted,
     .runs = runs_in<fb::RunAborted>,
     .told = run_watchers,
     .closes = true},
    {.kind = Body::RunInterrupted,
     .decide = decide_run_interrupted,
     .fold = fold_run_interrupted,
     .runs = run_in<fb::RunInterrupted>,
     .told = run_watchers,
     .closes = true},
    {.kind = Body::RunSteered, .decide = decide_run_steered, .fold = fold_run_steered},
    {.kind = Body::RunsMerged,
     .fold = fold_runs_merged,
     .runs = runs_in<fb::RunsMerged>,
     .told = run_watchers},
    {.kind = Body::ToolCalled,
     .decide = decide_tool_called,
     .runs = run_in<fb::ToolCalled>,
     .told = run_watchers},
    {.kind = Body::ToolReturned,
     .decide = decide_tool_returned,
     .runs = run_in<fb::ToolReturned>,
     .told = run_watchers,
     .closes = true},
    {.kind = Body::BodyRecorded, .decide = decide_body_recorded},
    {.kind = Body::ApprovalRequested,
     .decide = decide_approval_requested,
     .fold = fold_approval_requested},
    {.kind = Body::ApprovalOpened, .fold = fold_approval_opened, .told = always},
    {.kind = Body::ApprovalResolved,
     .decide = decide_approval_resolved,
     .fold = fold_approval_resolved,
     .effects = effects_of_approval,
     .told = always,
     .closes = true},
    {.kind = Body::AgentSessionBound, .decide = decide_agent_session, .fold = fold_agent_session},
    {.kind = Body::AgentStarted, .decide = decide_agent_started},
    {.kind = Body::AgentExited, .decide = decide_agent_exited, .closes = true},
    {.kind = Body::AgentQuarantined,
     .decide = decide_agent_quarantined,
     .fold = fold_agent_quarantined},
    {.kind = Body::AgentReset,
     .decide = decide_agent_reset,
     .fold = fold_agent_reset,
     .effects = effects_of_control},
    {.kind = Body::AgentRestartRequested,
     .decide = decide_agent_restart,
     .effects = effects_of_control},
    {.kind = Body::SkillsChanged, .decide = decide_skills_changed},
    {.kind = Body::PartialAnswerRecorded, .decide = decide_partial_answer},
    {.kind = Body::RunRetryRequested, .decide = decide_run_retry, .fold = fold_run_retry_requested},

    {.kind = Body::DeliveryRequested, .fold = fold_delivery_requested},
    {.kind = Body::DeliveryAttempted,
     .fold = fold_delivery_attempted,
     .effects = effects_of_attempted},
    {.kind = Body::DeliveryConfirmed,
     .decide = decide_delivery_confirmed,
     .fold = fold_delivery_confirmed,
     .told = delivery_waiters,
     .once = true,
     .closes = true},
    {.kind = Body::DeliveryFailed,
     .decide = decide_delivery_failed,
     .fold = fold_delivery_failed,
     .closes = true},
    {.kind = Body::DeliveryRetryScheduled, .fold = fold_delivery_scheduled},
    {.kind = Body::DeliveryDeadLettered,
     .fold = fold_delivery_dead,
     .told = delivery_waiters,
     .once = true},
    {.kind = Body::DeliveryRetryRequested,
     .decide = decide_delivery_retry,
     .fold = fold_delivery_retry},
    {.kind = Body::DeliveryDiscarded,
     .decide = decide_delivery_discard,
     .fold = fold_delivery_discarded,
     .closes = true},
    {.kind = Body::DeliveryPreviewed,
     .decide = decide_delivery_previewed,
     .fold = fold_delivery_previewed},
    {.kind = Body::SendRequested, .decide = decide_send, .fold = fold_send},

    {.kind = Body::ConfigApplied, .decide = decide_recorded, .fold = fold_config},
    {.kind = Body::ConfigChanged, .decide = decide_config_changed, .told = run_watchers},
    {.kind = Body::ConfigRefused, .decide = decide_recorded},

    {.kind = Body::DevicePaired,
     .decide = decide_device_pairing,
     .fold = fold_device_paired,
     .told = always},
    {.kind = Body::DeviceRenamed,
     .decide = decide_device_change,
     .fold = fold_device_renamed,
     .told = run_watchers},
    {.kind = Body::DeviceTokenChanged,
     .decide = decide_device_change,
     .fold = fold_device_token,
     .told = always},
    {.kind = Body::DeviceRemoved,
     .decide = decide_device_change,
     .fold = fold_device_removed,
     .told = always},
    {.kind = Body::ChannelPairingRequested, .fold = fold_pairing_requested, .told = run_watchers},
    {.kind = Body::ChannelPairingResolved,
     .decide = decide_pairing_resolved,
     .fold = fold_pairing_resolved,
     .told = run_watchers},
    {.kind = Body::PairingCodeAnswered, .told = always, .once = true},

    {.kind = Body::ChannelStateChanged, .decide = decide_channel_state, .fold = fold_channel_state},
    {.kind = Body::ChannelRead,
     .decide = decide_channel_read,
     .fold = fold_channel_read,
     .effects = effects_of_read},
    {.kind = Body::ConversationMigrated, .decide = decide_migrated, .fold = fold_migrated},
    {.kind = Body::ChannelSwitched,
     .decide = decide_channel_switched,
     .fold = fold_channel_switched,
     .effects = effects_of_switched},
};

constexpr std::size_t kNumbers = 256;

constexpr Kind kUnknown{};

constexpr std::array<const Kind*, kNumbers> kinds_by_number() {
  std::array<const Kind*, kNumbers> kinds{};
  kinds.fill(&kUnknown);
  for (const Kind& kind : kKinds)
    kinds[kind_number(kind.kind)] = &kind;
  return kinds;
}

constexpr std::array kByNumber = kinds_by_number();

}  // namespace

std::span<const Kind> kinds() {
  return kKinds;
}

const Kind& kind_of(std::uint16_t number) {
  return number < kNumbers ? *kByNumber[number] : kUnknown;
}

}  // namespace spine::core
