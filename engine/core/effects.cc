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
  if (row != 0 && runs[row].status == RunStatus::running && runs[row].started == event.seq.value) {
    add(out, EffectKind::prompt_agent, event, id, Seq{runs[row].message});
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

}  // namespace

void effects(const State& state, const EventView& event, EffectList& out) {
  out.count = 0;
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::RunStarted:
      return run_started(state, event, out);
    case fb::EventBody::RunAborted:
      return runs_aborted(event, out);
    case fb::EventBody::RunQueued:
      return add(out, EffectKind::notify, event, RunId{event.seq.value}, Seq{});
    case fb::EventBody::RunFinished: {
      const auto* body = flatbuffers::GetRoot<fb::RunFinished>(event.body.data());
      return add(out, EffectKind::notify, event, RunId{body->run()}, Seq{});
    }
    case fb::EventBody::RunFailed: {
      const auto* body = flatbuffers::GetRoot<fb::RunFailed>(event.body.data());
      return add(out, EffectKind::notify, event, RunId{body->run()}, Seq{});
    }
    case fb::EventBody::MessageReceived:
    case fb::EventBody::SessionOpened:
    case fb::EventBody::SessionReset:
    case fb::EventBody::SessionClosed:
    case fb::EventBody::ClientConnected:
    case fb::EventBody::SessionPatched:
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
                         .id = {.seq = Seq{run.started}, .ordinal = 0},
                         .session = SessionId{run.session},
                         .run = RunId{run.id},
                         .message = Seq{run.message}});
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
            [](const Effect& a, const Effect& b) { return a.id < b.id; });
}

}  // namespace spine::core
