// Summaries: the table, a row for each kind that has more to say than its fields.
#include "replay/trace/summaries.h"

#include <array>
#include <fmt/format.h>

#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

using Body = fb::EventBody;
using Say = std::string(const EventView& event, Names& names);
using Holds = bool(const EventView& event);

constexpr std::size_t kFieldsBytesMax = 160;

std::string cut_name(const flatbuffers::String* text) {
  return printable(shortened(text_of(text), kQuotedBytesMax));
}

std::string cut_name_or(const flatbuffers::String* text, const char* otherwise) {
  return text_of(text).empty() ? std::string(otherwise) : cut_name(text);
}

// ": \"words\"", or nothing.
std::string said(const flatbuffers::String* text) {
  return text_of(text).empty() ? std::string() : ": " + quoted(text_of(text));
}

std::string seqs(const flatbuffers::Vector<std::uint64_t>* list) {
  constexpr flatbuffers::uoffset_t kNamed = 4;
  std::string text;
  if (list == nullptr) return text;
  for (flatbuffers::uoffset_t i = 0; i < list->size() && i < kNamed; ++i)
    text += fmt::format("{}#{}", i == 0 ? "" : ", ", list->Get(i));
  if (list->size() > kNamed) text += fmt::format(" and {} more", list->size() - kNamed);
  return text;
}

std::string message_line(const fb::MessageReceived& body) {
  std::string text = fmt::format(
      "from {}", quoted(text_of(body.sender_name()).empty() ? text_of(body.sender_id())
                                                            : text_of(body.sender_name())));
  if (!text_of(body.channel()).empty()) text += fmt::format(" on {}", cut_name(body.channel()));
  if (body.via() != fb::MessageVia::channel) {
    text = fmt::format("by {}", fb::EnumNameMessageVia(body.via()));
  }
  if (!text_of(body.external_id()).empty())
    text += fmt::format(", id {}", cut_name(body.external_id()));
  if (!text_of(body.idempotency_key()).empty()) {
    text += fmt::format(", key {}", cut_name(body.idempotency_key()));
  }
  if (!text_of(body.group()).empty()) text += fmt::format(", of {}", cut_name(body.group()));
  if (!text_of(body.unsupported()).empty()) text += ", a " + cut_name(body.unsupported());
  if (body.too_large() != 0) text += ", a text of " + show_bytes(body.too_large());
  return text + said(body.text());
}

// ---- Engine

std::string journal_created(const EventView& event, Names&) {
  return fmt::format("by Spine {}", cut_name(root_of<fb::JournalCreated>(event).version()));
}
std::string engine_started(const EventView& event, Names&) {
  const auto& body = root_of<fb::EngineStarted>(event);
  return fmt::format("Spine {}, process {}{}", cut_name(body.version()), body.pid(),
                     body.after_crash() ? ", after a crash" : "");
}
bool after_crash(const EventView& event) {
  return root_of<fb::EngineStarted>(event).after_crash();
}
std::string engine_stopped(const EventView& event, Names&) {
  return cut_name(root_of<fb::EngineStopped>(event).reason());
}
std::string clock_jumped(const EventView& event, Names&) {
  const auto& body = root_of<fb::ClockJumped>(event);
  return fmt::format("from {} to {}", show_time(body.expected_wall_ms()),
                     show_time(body.actual_wall_ms()));
}
std::string zone_rules(const EventView& event, Names&) {
  return cut_name(root_of<fb::ZoneRules>(event).zone());
}
std::string deadline_reached(const EventView& event, Names&) {
  return fmt::format("due at {} ms of the journal's life",
                     root_of<fb::DeadlineReached>(event).deadline_ms());
}
std::string state_digested(const EventView& event, Names&) {
  return show_hex(bits_of(root_of<fb::StateDigested>(event).digest()));
}

// ---- Clients and principals

std::string principal_added(const EventView& event, Names&) {
  const auto& body = root_of<fb::PrincipalAdded>(event);
  return fmt::format("{} {} {}", fb::EnumNamePrincipalKind(body.kind()), cut_name(body.key()),
                     text_of(body.name()).empty() ? "" : quoted(text_of(body.name())));
}
std::string principal_expired(const EventView& event, Names& names) {
  return who_text(PrincipalId{root_of<fb::PrincipalExpired>(event).principal()}, names);
}
std::string client_connected(const EventView& event, Names&) {
  const auto& body = root_of<fb::ClientConnected>(event);
  return fmt::format("{} {} as {} from {}", cut_name(body.client_id()),
                     cut_name(body.client_version()), cut_name(body.role()),
                     cut_name_or(body.address(), "here"));
}
std::string client_disconnected(const EventView& event, Names&) {
  const auto& body = root_of<fb::ClientDisconnected>(event);
  return fmt::format("{} {} after {}", body.close_code(), cut_name(body.reason()),
                     show_duration_ms(body.connected_ms()));
}
std::string connects_refused(const EventView& event, Names&) {
  const auto* refused = root_of<fb::ConnectsRefused>(event).refused();
  std::string text;
  for (flatbuffers::uoffset_t i = 0; refused != nullptr && i < refused->size() && i < 4; ++i) {
    text += fmt::format("{}{} {} ({})", i == 0 ? "" : ", ", refused->Get(i)->count(),
                        cut_name(refused->Get(i)->reason()),
                        cut_name(refused->Get(i)->address_class()));
  }
  return text;
}

// ---- Messages and sessions

std::string message_received(const EventView& event, Names&) {
  return message_line(root_of<fb::MessageReceived>(event));
}
std::string message_rejected(const EventView& event, Names&) {
  const auto& body = root_of<fb::MessageRejected>(event);
  std::string text = fb::EnumNameRejectReason(body.reason());
  if (body.original() != 0) text += fmt::format(" of #{}", body.original());
  return body.message() == nullptr ? text : text + ", " + message_line(*body.message());
}
std::string session_opened(const EventView& event, Names&) {
  return cut_name(root_of<fb::SessionOpened>(event).key());
}
std::string session_of(const EventView& event, Names& names) {
  return printable(names.session(SessionId{event.header.session}).key);
}
std::string session_reset(const EventView& event, Names& names) {
  return fmt::format("{} of {}", fb::EnumNameResetReason(root_of<fb::SessionReset>(event).reason()),
                     session_of(event, names));
}
std::string session_closed(const EventView& event, Names& names) {
  return fmt::format("{}: {}", fb::EnumNameCloseReason(root_of<fb::SessionClosed>(event).reason()),
                     session_of(event, names));
}
std::string session_rewound(const EventView& event, Names& names) {
  return fmt::format("{} to #{}", session_of(event, names),
                     root_of<fb::SessionRewound>(event).to());
}
std::string waits_until(const EventView& event, std::uint64_t closes_ms) {
  const std::uint64_t now_ms = event.header.logical_ms;
  return show_duration_ms(closes_ms > now_ms ? closes_ms - now_ms : 0);
}
std::string burst_opened(const EventView& event, Names&) {
  const auto& body = root_of<fb::BurstOpened>(event);
  return fmt::format("for message #{}: its turn waits {} for more", body.message(),
                     waits_until(event, body.closes_ms()));
}
std::string burst_joined(const EventView& event, Names&) {
  const auto& body = root_of<fb::BurstJoined>(event);
  std::string text = fmt::format("message #{} to burst #{}", body.message(), body.burst());
  if (body.run() != 0) text += fmt::format(", which run #{} answers", body.run());
  return text + ", waits " + waits_until(event, body.closes_ms());
}
std::string command_answered(const EventView& event, Names&) {
  const auto& body = root_of<fb::CommandAnswered>(event);
  return fmt::format("/{}{}", cut_name(body.command()), said(body.text()));
}

// ---- Runs

std::string run_queued(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunQueued>(event);
  std::string text =
      fmt::format("run {} for agent {}", cut_name(body.run_key()), cut_name(body.agent_id()));
  if (body.queue_mode() != fb::QueueMode::unset) {
    text += fmt::format(", {}", fb::EnumNameQueueMode(body.queue_mode()));
  }
  if (body.trust() != fb::Trust::trusted) text += ", untrusted";
  if (body.not_before_ms() > event.header.logical_ms) {
    text += fmt::format(", not before {} have passed",
                        show_duration_ms(body.not_before_ms() - event.header.logical_ms));
  }
  return text;
}
std::string run_started(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunStarted>(event);
  std::string text = fmt::format("attempt {} of run #{}", body.attempt(), body.run());
  const std::string further = seqs(body.collected());
  return further.empty() ? text : text + ", together with " + further;
}
std::string run_finished(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunFinished>(event);
  return fmt::format("after {}{}", show_duration_ms(body.duration_ms()), said(body.text()));
}
std::string run_failed(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunFailed>(event);
  const char* outcome = body.outcome() == fb::RunOutcome::quarantined ? ", given up"
                        : body.outcome() == fb::RunOutcome::left      ? ", left as it is"
                                                                      : "";
  return fmt::format("{}{}{}", fb::EnumNameRunErrorKind(body.kind()), outcome,
                     said(body.message()));
}
std::string run_aborted(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunAborted>(event);
  const std::string runs = seqs(body.runs());
  return fmt::format("{}: {}", fb::EnumNameAbortReason(body.reason()),
                     runs.empty() ? "all runs of the session" : "run " + runs);
}
std::string run_interrupted(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunInterrupted>(event);
  return fmt::format("{} after {}{}", fb::EnumNameInterruptReason(body.reason()),
                     show_duration_ms(body.duration_ms()), said(body.message()));
}
std::string run_steered(const EventView& event, Names&) {
  return fmt::format("into run #{}", root_of<fb::RunSteered>(event).into());
}
std::string runs_merged(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunsMerged>(event);
  return fmt::format("run {} into run #{}", seqs(body.runs()), body.into());
}
std::string tool_called(const EventView& event, Names&) {
  const auto& body = root_of<fb::ToolCalled>(event);
  const bool titled = !text_of(body.title()).empty();
  return fmt::format("{}{}", cut_name(body.name()), said(titled ? body.title() : body.arguments()));
}
std::string tool_returned(const EventView& event, Names&) {
  const auto& body = root_of<fb::ToolReturned>(event);
  return fmt::format("{}{} after {}{}", cut_name(body.name()), body.is_error() ? " failed" : "",
                     show_duration_ms(body.duration_ms()), said(body.result()));
}
bool tool_failed(const EventView& event) {
  return root_of<fb::ToolReturned>(event).is_error();
}
bool tool_worked(const EventView& event) {
  return !tool_failed(event);
}
std::string body_recorded(const EventView& event, Names&) {
  return show_bytes(root_of<fb::BodyRecorded>(event).bytes());
}
std::string approval_requested(const EventView& event, Names&) {
  const auto& body = root_of<fb::ApprovalRequested>(event);
  const bool detailed = !text_of(body.detail()).empty();
  return fmt::format("{}{}", cut_name(body.tool()), said(detailed ? body.detail() : body.title()));
}
std::string approval_opened(const EventView& event, Names&) {
  return fmt::format("code {}, until {}", cut_name(root_of<fb::ApprovalOpened>(event).code()),
                     show_time(root_of<fb::ApprovalOpened>(event).expires_wall_ms()));
}
std::string approval_resolved(const EventView& event, Names&) {
  const auto& body = root_of<fb::ApprovalResolved>(event);
  const bool ruled = !text_of(body.rule()).empty();
  return fmt::format("{} by {}{}", fb::EnumNameApprovalDecision(body.decision()),
                     fb::EnumNameDecidedVia(body.via()), ruled ? " " + cut_name(body.rule()) : "");
}
bool not_approved(const EventView& event) {
  const fb::ApprovalDecision decision = root_of<fb::ApprovalResolved>(event).decision();
  return decision == fb::ApprovalDecision::deny || decision == fb::ApprovalDecision::expired;
}
std::string run_retry_requested(const EventView& event, Names&) {
  const auto& body = root_of<fb::RunRetryRequested>(event);
  return fmt::format("of run #{}{}, as run {}", body.run(), body.forced() ? ", forced" : "",
                     cut_name(body.run_key()));
}
std::string agent_session_bound(const EventView& event, Names&) {
  return cut_name_or(root_of<fb::AgentSessionBound>(event).ref(), "none");
}

// ---- Agents

std::string agent_started(const EventView& event, Names&) {
  const auto& body = root_of<fb::AgentStarted>(event);
  return fmt::format("{}, process {}, ready after {}", cut_name(body.agent_id()), body.pid(),
                     show_duration_ms(body.ready_ms()));
}
std::string agent_exited(const EventView& event, Names&) {
  const auto& body = root_of<fb::AgentExited>(event);
  std::string text =
      fmt::format("{}: {}", cut_name(body.agent_id()), fb::EnumNameAgentExitReason(body.reason()));
  if (body.signal() != 0) {
    text += fmt::format(", signal {}", body.signal());
  } else if (body.pid() != 0) {
    text += fmt::format(", code {}", body.code());
  }
  return text + fmt::format(" after {}", show_duration_ms(body.uptime_ms())) + said(body.message());
}
bool exited_ill(const EventView& event) {
  switch (root_of<fb::AgentExited>(event).reason()) {
    case fb::AgentExitReason::idle:
    case fb::AgentExitReason::stopped:
    case fb::AgentExitReason::restarted:
    case fb::AgentExitReason::done:
      return false;
    default:
      return true;
  }
}
std::string agent_quarantined(const EventView& event, Names&) {
  const auto& body = root_of<fb::AgentQuarantined>(event);
  return fmt::format("{} after {} crashes{}", cut_name(body.agent_id()), body.crashes(),
                     said(body.message()));
}
template <class Table>
std::string of_agent(const EventView& event, Names&) {
  return cut_name(root_of<Table>(event).agent_id());
}
std::string skills_changed(const EventView& event, Names&) {
  const auto& body = root_of<fb::SkillsChanged>(event);
  return fmt::format("{} changed, {} can be used", body.changes() ? body.changes()->size() : 0,
                     body.eligible());
}
std::string partial_answer(const EventView& event, Names&) {
  const auto& body = root_of<fb::PartialAnswerRecorded>(event);
  return fmt::format("of attempt {}{}", body.attempt(), said(body.text()));
}

// ---- Channels and deliveries

std::string delivery_requested(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryRequested>(event);
  std::string text =
      fmt::format("{} to channel #{}", fb::EnumNameDeliveryPurpose(body.purpose()), body.channel());
  if (body.message() != 0) text += fmt::format(", for message #{}", body.message());
  if (body.body() != 0) text += fmt::format(", text of #{}", body.body());
  return text + said(body.text());
}
std::string send_requested(const EventView& event, Names&) {
  const auto& body = root_of<fb::SendRequested>(event);
  return fmt::format("by {}{}", cut_name(body.channel()), said(body.text()));
}
std::string delivery_attempted(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryAttempted>(event);
  return fmt::format("attempt {} of delivery #{}", body.attempt(), body.delivery());
}
std::string delivery_confirmed(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryConfirmed>(event);
  std::string text = fmt::format("delivery #{}", body.delivery());
  if (const auto* ids = body.platform_ids(); ids != nullptr && ids->size() != 0) {
    text += fmt::format(", as {}", cut_name(ids->Get(0)));
    if (ids->size() > 1) text += fmt::format(" and {} more", ids->size() - 1);
  }
  return text;
}
std::string delivery_failed(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryFailed>(event);
  std::string text =
      fmt::format("delivery #{}, {}", body.delivery(), fb::EnumNameDeliveryFailure(body.kind()));
  if (body.pieces() != 0) text += fmt::format(", {} pieces arrived", body.pieces());
  if (body.retry_after_ms() != 0)
    text += fmt::format(", for {}", show_duration_ms(body.retry_after_ms()));
  return text + said(body.reason());
}
std::string delivery_scheduled(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryRetryScheduled>(event);
  const std::uint64_t now_ms = event.header.logical_ms;
  return fmt::format(
      "delivery #{}, not before {} have passed", body.delivery(),
      show_duration_ms(body.not_before_ms() > now_ms ? body.not_before_ms() - now_ms : 0));
}
std::string delivery_dead(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryDeadLettered>(event);
  return fmt::format("delivery #{}, {}", body.delivery(),
                     fb::EnumNameDeadLetterReason(body.reason()));
}
std::string delivery_retry_requested(const EventView& event, Names&) {
  return fmt::format("of delivery #{}", root_of<fb::DeliveryRetryRequested>(event).delivery());
}
std::string delivery_discarded(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryDiscarded>(event);
  return fmt::format("delivery #{}{}", body.delivery(),
                     body.for_room() ? ", the oldest of too many" : "");
}
std::string delivery_previewed(const EventView& event, Names&) {
  const auto& body = root_of<fb::DeliveryPreviewed>(event);
  const std::string_view id = text_of(body.platform_id());
  return id.empty() ? fmt::format("text so far of run #{}, which may have arrived", body.run())
                    : fmt::format("text so far of run #{} as {}", body.run(),
                                  cut_name(body.platform_id()));
}
bool discarded_for_room(const EventView& event) {
  return root_of<fb::DeliveryDiscarded>(event).for_room();
}
std::string channel_state_changed(const EventView& event, Names&) {
  const auto& body = root_of<fb::ChannelStateChanged>(event);
  const bool named = !text_of(body.account()).empty();
  return fmt::format("{}{} is {}{}", cut_name(body.channel()),
                     named ? " (" + cut_name(body.account()) + ")" : "",
                     fb::EnumNameChannelState(body.state()), said(body.problem()));
}
bool channel_is_lost(const EventView& event) {
  const fb::ChannelState state = root_of<fb::ChannelStateChanged>(event).state();
  return state == fb::ChannelState::down || state == fb::ChannelState::logged_out;
}
std::string channel_read(const EventView& event, Names&) {
  const auto& body = root_of<fb::ChannelRead>(event);
  return fmt::format("{} up to {}", cut_name(body.channel()), cut_name(body.position()));
}

std::string conversation_migrated(const EventView& event, Names&) {
  const auto& body = root_of<fb::ConversationMigrated>(event);
  return fmt::format("{}: {} is {} now", cut_name(body.channel()), cut_name(body.from()),
                     cut_name(body.to()));
}

std::string channel_switched(const EventView& event, Names&) {
  const auto& body = root_of<fb::ChannelSwitched>(event);
  const bool named = !text_of(body.account()).empty();
  return fmt::format("{}{} is to be {}", cut_name(body.channel()),
                     named ? " (" + cut_name(body.account()) + ")" : "",
                     fb::EnumNameChannelSwitch(body.to()));
}

// ---- Config, devices and pairing

std::string config_applied(const EventView& event, Names&) {
  const auto& body = root_of<fb::ConfigApplied>(event);
  return fmt::format(
      "{} agents, {} channels, {} bindings", body.agents() ? body.agents()->size() : 0,
      body.channels() ? body.channels()->size() : 0, body.bindings() ? body.bindings()->size() : 0);
}
std::string config_refused(const EventView& event, Names&) {
  return quoted(text_of(root_of<fb::ConfigRefused>(event).problem()));
}
template <class Table>
std::string of_device(const EventView& event, Names&) {
  return cut_name(root_of<Table>(event).device_id()).substr(0, 16);
}
std::string pairing_requested(const EventView& event, Names&) {
  const auto& body = root_of<fb::ChannelPairingRequested>(event);
  return fmt::format("code {} for {} on {}, until {}", cut_name(body.code()),
                     cut_name(body.sender_id()), cut_name(body.channel()),
                     show_time(body.expires_wall_ms()));
}
std::string pairing_resolved(const EventView& event, Names&) {
  const auto& body = root_of<fb::ChannelPairingResolved>(event);
  return fmt::format("request #{} {} by {}", body.request(),
                     body.approved() ? "granted" : "not granted",
                     fb::EnumNameApprovedVia(body.via()));
}

bool always(const EventView&) {
  return true;
}

struct SummaryRow {
  Body kind{};
  Say* say{};        // null = its fields
  Holds* failure{};  // null = never
  Holds* routine{};  // null = never
};

// A new kind needs no row; it gets one here to say more than its fields, to be marked or folded.
constexpr std::array kSummaryRows{
    SummaryRow{Body::JournalCreated, journal_created},
    SummaryRow{Body::EngineStarted, engine_started, after_crash},
    SummaryRow{Body::EngineStopped, engine_stopped},
    SummaryRow{Body::ClockJumped, clock_jumped},
    SummaryRow{Body::ZoneRules, zone_rules},
    SummaryRow{Body::DeadlineReached, deadline_reached, nullptr, always},
    SummaryRow{Body::StateDigested, state_digested, nullptr, always},
    SummaryRow{Body::PrincipalAdded, principal_added},
    SummaryRow{Body::PrincipalExpired, principal_expired},
    SummaryRow{Body::ClientConnected, client_connected},
    SummaryRow{Body::ClientDisconnected, client_disconnected},
    SummaryRow{Body::ConnectsRefused, connects_refused, always},
    SummaryRow{Body::MessageReceived, message_received},
    SummaryRow{Body::MessageRejected, message_rejected, always},
    SummaryRow{Body::SessionOpened, session_opened},
    SummaryRow{Body::SessionReset, session_reset},
    SummaryRow{Body::SessionClosed, session_closed},
    SummaryRow{Body::CommandAnswered, command_answered},
    SummaryRow{Body::SessionRewound, session_rewound},
    SummaryRow{Body::BurstOpened, burst_opened},
    SummaryRow{Body::BurstJoined, burst_joined},
    SummaryRow{Body::RunQueued, run_queued},
    SummaryRow{Body::RunStarted, run_started},
    SummaryRow{Body::RunFinished, run_finished},
    SummaryRow{Body::RunFailed, run_failed, always},
    SummaryRow{Body::RunAborted, run_aborted, always},
    SummaryRow{Body::RunInterrupted, run_interrupted, always},
    SummaryRow{Body::RunSteered, run_steered},
    SummaryRow{Body::RunsMerged, runs_merged},
    SummaryRow{Body::ToolCalled, tool_called},
    SummaryRow{Body::ToolReturned, tool_returned, tool_failed, tool_worked},
    SummaryRow{Body::BodyRecorded, body_recorded, nullptr, always},
    SummaryRow{Body::RunRetryRequested, run_retry_requested},
    SummaryRow{Body::ApprovalRequested, approval_requested},
    SummaryRow{Body::ApprovalOpened, approval_opened},
    SummaryRow{Body::ApprovalResolved, approval_resolved, not_approved},
    SummaryRow{Body::AgentSessionBound, agent_session_bound, nullptr, always},
    SummaryRow{Body::AgentStarted, agent_started},
    SummaryRow{Body::AgentExited, agent_exited, exited_ill},
    SummaryRow{Body::AgentQuarantined, agent_quarantined, always},
    SummaryRow{Body::AgentReset, of_agent<fb::AgentReset>},
    SummaryRow{Body::AgentRestartRequested, of_agent<fb::AgentRestartRequested>},
    SummaryRow{Body::SkillsChanged, skills_changed},
    SummaryRow{Body::PartialAnswerRecorded, partial_answer},
    SummaryRow{Body::DeliveryRequested, delivery_requested},
    SummaryRow{Body::DeliveryAttempted, delivery_attempted},
    SummaryRow{Body::DeliveryConfirmed, delivery_confirmed},
    SummaryRow{Body::DeliveryFailed, delivery_failed, always},
    SummaryRow{Body::DeliveryRetryScheduled, delivery_scheduled},
    SummaryRow{Body::DeliveryDeadLettered, delivery_dead, always},
    SummaryRow{Body::DeliveryRetryRequested, delivery_retry_requested},
    SummaryRow{Body::DeliveryDiscarded, delivery_discarded, discarded_for_room},
    SummaryRow{Body::DeliveryPreviewed, delivery_previewed},
    SummaryRow{Body::SendRequested, send_requested},
    SummaryRow{Body::ChannelStateChanged, channel_state_changed, channel_is_lost},
    SummaryRow{Body::ChannelRead, channel_read, nullptr, always},
    SummaryRow{Body::ConversationMigrated, conversation_migrated},
    SummaryRow{Body::ChannelSwitched, channel_switched},
    SummaryRow{Body::ConfigApplied, config_applied},
    SummaryRow{Body::ConfigRefused, config_refused, always},
    SummaryRow{Body::DeviceRenamed, of_device<fb::DeviceRenamed>},
    SummaryRow{Body::DeviceTokenChanged, of_device<fb::DeviceTokenChanged>},
    SummaryRow{Body::DeviceRemoved, of_device<fb::DeviceRemoved>},
    SummaryRow{Body::ChannelPairingRequested, pairing_requested},
    SummaryRow{Body::ChannelPairingResolved, pairing_resolved},
};

constexpr SummaryRow kNoSummary{};

const SummaryRow& summary_row(const EventView& event) {
  for (const SummaryRow& row : kSummaryRows)
    if (is_kind(event, row.kind)) return row;
  return kNoSummary;
}

// The fields in one line.
std::string fields_line(const EventView& event) {
  std::string json;
  append_body(event, true, json);
  return json == "{}" ? std::string() : shortened(json, kFieldsBytesMax);
}

}  // namespace

std::string summary_of(const EventView& event, Names& names) {
  if (!event_is_readable(event)) {
    return fmt::format("(cannot be read: {})", printable(unreadable_event(event).message));
  }
  const SummaryRow& row = summary_row(event);
  return row.say == nullptr ? fields_line(event) : row.say(event, names);
}

bool is_failure(const EventView& event) {
  if (!event_is_readable(event)) return true;
  const SummaryRow& row = summary_row(event);
  return row.failure != nullptr && row.failure(event);
}

bool is_routine(const EventView& event) {
  const SummaryRow& row = summary_row(event);
  return row.routine != nullptr && event_is_readable(event) && row.routine(event);
}

std::string quoted(std::string_view text) {
  return fmt::format("\"{}\"", printable(shortened(text, kQuotedBytesMax)));
}

std::string who_text(PrincipalId principal, Names& names) {
  if (!principal) return "the engine";
  const PrincipalName& found = names.principal(principal);
  if (found.kind.empty()) return fmt::format("principal #{}", principal.value);
  const std::string key = printable(shortened(found.key, kQuotedBytesMax));
  if (found.name.empty() || found.name == found.key) return key.empty() ? found.kind : key;
  return fmt::format("{} ({})", key, printable(shortened(found.name, kQuotedBytesMax)));
}

}  // namespace spine::replay
