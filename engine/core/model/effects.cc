// effects: per kind of event, always the same ones under the same ordinals.
#include "engine/core/model/effects.h"

#include <algorithm>

#include "engine/core/model/kinds.h"
#include "engine/core/model/tables.h"
#include "schemas/fields.h"

namespace spine::core {
namespace {

Effect& add(Effects& out, EffectKind kind, const EventView& event, std::uint32_t ordinal) {
  return out.emplace_back(Effect{.kind = kind,
                                 .id = {.seq = event.seq, .ordinal = ordinal},
                                 .session = SessionId{event.header.session}});
}

// Behind the cancellations of as many runs as an event can list.
constexpr std::uint32_t kShowsFrom = 1U << 24;

void add_show(const Runs& runs, RunId id, const EventView& event, std::uint32_t ordinal,
              Effects& out) {
  const Run& run = runs[runs.find(id)];
  if (!run.channel) return;
  Effect& show = add(out, EffectKind::show_work, event, ordinal);
  show.run = id;
  show.message = run.message;
}

}  // namespace

void effects(const State& state, const Departures& gone, const EventView& event, Effects& out) {
  const Kind& kind = kind_of(event.header.kind);
  if (kind.effects != nullptr) kind.effects(state, gone, event, out);
}

// Ordinal 1 is that the run is worked on, which comes first; 0 is the prompt. Neither when the
// state does not show the run as running since this very event.
void effects_of_started(const State& state, const Departures&, const EventView& event,
                        Effects& out) {
  const Runs& runs = state.tables().runs;
  const std::uint32_t row = runs.find(RunId{root_of<fb::RunStarted>(event).run()});
  if (row == 0 || runs[row].status != RunStatus::running || runs[row].started != event.seq) return;
  add_show(runs, runs[row].id, event, 1, out);
  Effect& prompt = add(out, EffectKind::prompt_agent, event, 0);
  prompt.run = runs[row].id;
  prompt.message = runs[row].message;
}

// Ordinal 1: it is not worked on any more.
void effects_of_finished(const State& state, const Departures&, const EventView& event,
                         Effects& out) {
  add_show(state.tables().runs, RunId{root_of<fb::RunFinished>(event).run()}, event, 1, out);
}
void effects_of_failed(const State& state, const Departures&, const EventView& event,
                       Effects& out) {
  add_show(state.tables().runs, RunId{root_of<fb::RunFailed>(event).run()}, event, 1, out);
}

// Ordinals from 1 on: one cancellation per run, in the order of the list; from kShowsFrom on: that
// it is not worked on any more.
void effects_of_aborted(const State& state, const Departures&, const EventView& event,
                        Effects& out) {
  const auto* listed = root_of<fb::RunAborted>(event).runs();
  for (flatbuffers::uoffset_t i = 0; listed != nullptr && i < listed->size(); ++i)
    add(out, EffectKind::cancel_agent, event, i + 1).run = RunId{listed->Get(i)};
  for (flatbuffers::uoffset_t i = 0; listed != nullptr && i < listed->size(); ++i)
    add_show(state.tables().runs, RunId{listed->Get(i)}, event, kShowsFrom + i, out);
}

// Ordinal 1 is the message for the agent that works on the session's run.
void effects_of_queued(const State& state, const Departures&, const EventView& event,
                       Effects& out) {
  const Tables& tables = state.tables();
  const std::uint32_t row = tables.runs.find(RunId{event.seq.value});
  if (row == 0 || tables.runs[row].queue_mode != fb::QueueMode::steer ||
      tables.runs[row].status != RunStatus::queued) {
    return;
  }
  const std::uint32_t into = tables.sessions.hot(tables.runs[row].session_row).running;
  if (into == 0) return;
  Effect& steer = add(out, EffectKind::steer_agent, event, 1);
  steer.run = tables.runs[row].id;
  steer.message = tables.runs[row].message;
  steer.into = tables.runs[into].id;
}

// Ordinal 1 is the answer to the agent, unless its run has ended.
void effects_of_approval(const State&, const Departures& gone, const EventView& event,
                         Effects& out) {
  const auto& body = root_of<fb::ApprovalResolved>(event);
  const ApprovalView* approval = gone.approval(Seq{body.request()});
  if (approval == nullptr || body.decision() == fb::ApprovalDecision::withdrawn) return;
  Effect& answer = add(out, EffectKind::answer_agent, event, 1);
  answer.run = approval->run;
  answer.ask = approval->ask;
}

// Ordinal 1 is the request to the loop thread.
void effects_of_control(const State&, const Departures&, const EventView& event, Effects& out) {
  add(out, EffectKind::control_agent, event, 1);
}

// Ordinal 0 is the delivery.
void effects_of_attempted(const State& state, const Departures&, const EventView& event,
                          Effects& out) {
  const Deliveries& deliveries = state.tables().deliveries;
  const std::uint32_t row =
      deliveries.find(DeliveryId{root_of<fb::DeliveryAttempted>(event).delivery()});
  if (row == 0 || deliveries[row].status != DeliveryStatus::attempted ||
      deliveries[row].attempted != event.seq) {
    return;
  }
  Effect& deliver = add(out, EffectKind::deliver, event, 0);
  deliver.run = deliveries[row].run;
  deliver.delivery = deliveries[row].id;
}

// Ordinal 1 is the notice to the channel, which the event names.
void effects_of_read(const State&, const Departures&, const EventView& event, Effects& out) {
  add(out, EffectKind::acknowledge, event, 1);
}

// Ordinal 1 is the request to the loop thread.
void effects_of_switched(const State&, const Departures&, const EventView& event, Effects& out) {
  add(out, EffectKind::switch_channel, event, 1);
}

void open_obligations(const State& state, Effects& out) {
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
  const Deliveries& deliveries = state.tables().deliveries;
  for (std::uint32_t row = 1; row < deliveries.end(); ++row) {
    const DeliveryRow& delivery = deliveries[row];
    if (!deliveries.live(row) || delivery.status != DeliveryStatus::attempted) continue;
    out.push_back(Effect{.kind = EffectKind::deliver,
                         .id = {.seq = delivery.attempted, .ordinal = 0},
                         .session = delivery.session,
                         .run = delivery.run,
                         .delivery = delivery.id});
  }
  std::sort(out.begin() + static_cast<std::ptrdiff_t>(first), out.end(),
            [](const Effect& a, const Effect& b) { return a.id < b.id; });
}

}  // namespace spine::core
