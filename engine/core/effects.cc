// effects: per kind of event, always the same ones under the same ordinals.
#include "engine/core/effects.h"

#include <algorithm>

#include "engine/core/tables.h"

#include "event_generated.h"

namespace spine::core {
namespace {

void add(EffectList& out, EffectKind kind, const EventView& event, RunId run, Seq message) {
  if (out.count == kEffectsPerEventMax) return;
  out.items[out.count] =
      Effect{.kind = kind,
             .id = {.seq = event.seq, .ordinal = static_cast<std::uint32_t>(out.count)},
             .session = SessionId{event.header.session},
             .run = run,
             .message = message};
  ++out.count;
}

// Ordinals: 0 = the prompt, 1 = the notification. A run that the state does not know to be working
// under this very event is not prompted, but the ordinals stay.
void run_started(const State& state, const EventView& event, EffectList& out) {
  const RunId id{flatbuffers::GetRoot<fb::RunStarted>(event.body.data())->run()};
  const Runs& runs = state.tables().runs;
  const std::uint32_t row = runs.find(id);
  if (row != 0 && runs[row].status == RunStatus::running && runs[row].started == event.seq) {
    add(out, EffectKind::prompt_agent, event, id, runs[row].message);
  }
  add(out, EffectKind::notify, event, id, Seq{});
  out.items[out.count - 1].id.ordinal = 1;
}

// Ordinals: 0 = the notification, then one cancellation per run as listed.
void runs_aborted(const EventView& event, EffectList& out) {
  add(out, EffectKind::notify, event, RunId{}, Seq{});
  const auto* listed = flatbuffers::GetRoot<fb::RunAborted>(event.body.data())->runs();
  if (listed == nullptr) return;
  for (const std::uint64_t run : *listed) {
    add(out, EffectKind::cancel_agent, event, RunId{run}, Seq{});
  }
}

// Ordinal 0 = the notification, one part of it per run as listed.
void runs_merged(const EventView& event, EffectList& out) {
  add(out, EffectKind::notify, event, RunId{}, Seq{});
}

// Ordinals: 0 = the notification, 1 = the message for the agent that is at work.
void run_queued(const State& state, const EventView& event, EffectList& out) {
  const RunId id{event.seq.value};
  add(out, EffectKind::notify, event, id, Seq{});
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.runs.find(id);
  if (row == 0 || tables.runs[row].queue_mode != fb::QueueMode::steer) return;
  const std::uint32_t into = tables.sessions.hot(tables.runs[row].session_row).running;
  if (into == 0) return;
  add(out, EffectKind::steer_agent, event, id, tables.runs[row].message);
  out.items[out.count - 1].into = tables.runs[into].id;
}

// Ordinals: 0 = the notification, 1 = the answer to the agent, unless its run is over.
void approval_resolved(const State& state, const EventView& event, EffectList& out) {
  const auto& body = *flatbuffers::GetRoot<fb::ApprovalResolved>(event.body.data());
  const Approval& approval = state.tables().approvals.resolved();
  const bool known = approval.request && approval.request.value == body.request();
  const RunId run = known ? approval.run : RunId{};
  add(out, EffectKind::notify, event, run, Seq{});
  if (!known || body.decision() == fb::ApprovalDecision::withdrawn) return;
  add(out, EffectKind::answer_agent, event, run, Seq{});
  out.items[out.count - 1].ask = approval.ask;
}

// The run that an event of one run is about.
RunId run_of(const EventView& event) {
  const auto* body = event.body.data();
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::RunFinished:
      return RunId{flatbuffers::GetRoot<fb::RunFinished>(body)->run()};
    case fb::EventBody::RunFailed:
      return RunId{flatbuffers::GetRoot<fb::RunFailed>(body)->run()};
    case fb::EventBody::RunInterrupted:
      return RunId{flatbuffers::GetRoot<fb::RunInterrupted>(body)->run()};
    case fb::EventBody::ToolCalled:
      return RunId{flatbuffers::GetRoot<fb::ToolCalled>(body)->run()};
    case fb::EventBody::ToolReturned:
      return RunId{flatbuffers::GetRoot<fb::ToolReturned>(body)->run()};
    default:
      return RunId{};
  }
}

void approval_opened(const State& state, const EventView& event, EffectList& out) {
  const auto& body = *flatbuffers::GetRoot<fb::ApprovalOpened>(event.body.data());
  const Approval* approval = state.tables().approvals.find(Seq{body.request()});
  add(out, EffectKind::notify, event, approval == nullptr ? RunId{} : approval->run, Seq{});
}

}  // namespace

void effects(const State& state, const EventView& event, EffectList& out) {
  out.count = 0;
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::RunStarted:
      return run_started(state, event, out);
    case fb::EventBody::RunAborted:
      return runs_aborted(event, out);
    case fb::EventBody::RunsMerged:
      return runs_merged(event, out);
    case fb::EventBody::RunQueued:
      return run_queued(state, event, out);
    case fb::EventBody::ApprovalOpened:
      return approval_opened(state, event, out);
    case fb::EventBody::ApprovalResolved:
      return approval_resolved(state, event, out);
    case fb::EventBody::RunFinished:
    case fb::EventBody::RunFailed:
    case fb::EventBody::RunInterrupted:
    case fb::EventBody::ToolCalled:
    case fb::EventBody::ToolReturned:
      return add(out, EffectKind::notify, event, run_of(event), Seq{});
    case fb::EventBody::AgentReset:
    case fb::EventBody::AgentRestartRequested:
      // Ordinals: 0 = the notification, 1 = what the loop thread is to do.
      add(out, EffectKind::notify, event, RunId{}, Seq{});
      return add(out, EffectKind::control_agent, event, RunId{}, Seq{});
    case fb::EventBody::AgentStarted:
    case fb::EventBody::AgentExited:
    case fb::EventBody::AgentQuarantined:
    case fb::EventBody::SkillsChanged:
    case fb::EventBody::MessageReceived:
    case fb::EventBody::SessionOpened:
    case fb::EventBody::SessionReset:
    case fb::EventBody::SessionClosed:
    case fb::EventBody::ClientConnected:
    case fb::EventBody::SessionPatched:
    case fb::EventBody::CommandAnswered:
    case fb::EventBody::ClientDisconnected:
    case fb::EventBody::ConfigApplied:
    case fb::EventBody::ConfigChanged:
    case fb::EventBody::DevicePaired:
    case fb::EventBody::DeviceRenamed:
    case fb::EventBody::DeviceTokenChanged:
    case fb::EventBody::DeviceRemoved:
    case fb::EventBody::ChannelPairingRequested:
    case fb::EventBody::ChannelPairingResolved:
    case fb::EventBody::PairingCodeAnswered:
      return add(out, EffectKind::notify, event, RunId{}, Seq{});
    default:
      return;
  }
}

void open_obligations(const State& state, std::vector<Effect>& out) {
  const std::size_t first = out.size();
  const Runs& runs = state.tables().runs;
  for (std::uint32_t row = 1; row < runs.end(); ++row) {
    if (!runs.live(row) || runs[row].status != RunStatus::running) continue;
    const Run& run = runs[row];
    out.push_back(Effect{.kind = EffectKind::prompt_agent,
                         .id = {.seq = run.started, .ordinal = 0},
                         .session = run.session,
                         .run = run.id,
                         .message = run.message});
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
            [](const Effect& a, const Effect& b) { return a.id < b.id; });
}

}  // namespace spine::core
