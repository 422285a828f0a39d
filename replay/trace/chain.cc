// Chain: one walk by headers, the links between what was found, and the effects by folding.
#include "replay/trace/chain.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <span>

#include "engine/core/model/departures.h"
#include "engine/core/model/effects.h"
#include "engine/core/model/evolve.h"
#include "engine/core/model/kinds.h"
#include "engine/core/model/views.h"
#include "engine/core/questions/delivery_answers.h"
#include "replay/trace/summaries.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

using Body = fb::EventBody;
using core::EffectKind;

// What an effect is called, and which events of its run end it.
struct EffectRow {
  EffectKind kind{};
  const char* words{};
  std::array<Body, 4> closed_by{};  // NONE = nothing does: it may be lost
  bool obligation{};
};

// A new kind of effect needs its row here to be shown by its name.
constexpr std::array kEffectRows{
    EffectRow{EffectKind::prompt_agent,
              "prompt to agent",
              {Body::RunFinished, Body::RunFailed, Body::RunInterrupted, Body::RunAborted},
              true},
    EffectRow{EffectKind::cancel_agent, "cancellation to agent"},
    EffectRow{
        EffectKind::steer_agent, "message into the run at work, to agent", {Body::RunSteered}},
    EffectRow{EffectKind::answer_agent, "answer to the question of agent"},
    EffectRow{EffectKind::control_agent, "restart or release of the agent's processes"},
    EffectRow{EffectKind::deliver,
              "delivery to channel",
              {Body::DeliveryConfirmed, Body::DeliveryFailed},
              true},
    EffectRow{EffectKind::acknowledge, "acknowledgement to channel"},
    EffectRow{EffectKind::show_work, "whether the run is worked on, to channel"},
    EffectRow{EffectKind::switch_channel, "start or stop of channel"},
};

const EffectRow* effect_row(EffectKind kind) {
  const auto* row = std::ranges::find(kEffectRows, kind, &EffectRow::kind);
  return row == kEffectRows.end() ? nullptr : row;
}

bool ends_runs(const EventView& event) {
  constexpr std::array kEnds{Body::RunFinished, Body::RunFailed, Body::RunAborted,
                             Body::RunsMerged};
  return std::ranges::any_of(kEnds, [&](Body kind) { return is_kind(event, kind); });
}

std::vector<std::uint64_t> runs_in(const EventView& event) {
  std::vector<std::uint64_t> ids;
  if (!event_is_readable(event)) return ids;
  if (is_kind(event, Body::RunSteered)) ids.push_back(root_of<fb::RunSteered>(event).run());
  const core::Kind& kind = core::kind_of(event.header.kind);
  if (kind.runs == nullptr) return ids;
  std::vector<RunId> runs;
  kind.runs(event, runs);
  for (const RunId run : runs)
    ids.push_back(run.value);
  return ids;
}

bool names_id(std::span<const std::uint64_t> list, std::uint64_t id) {
  return std::ranges::find(list, id) != list.end();
}

Result<RecordHeader> header_of(Timeline& timeline, Seq seq) {
  SPINE_TRY(const journal::BlockView block, timeline.reader().block_of(seq));
  return block.event(static_cast<std::uint32_t>(seq.value - block.first().value)).header;
}

// The events of one decision: the input and what was derived from it.
struct DecisionRange {
  Seq first{};
  Seq last{};
};

Result<DecisionRange> decision_of(Timeline& timeline, Seq seq) {
  const auto is_input = [&](Seq at) -> Result<bool> {
    SPINE_TRY(const RecordHeader header, header_of(timeline, at));
    return (header.flags & record_flag::kInput) != 0;
  };
  DecisionRange range{.first = seq, .last = seq};
  while (range.first > timeline.first()) {
    SPINE_TRY(const bool input, is_input(range.first));
    if (input) break;
    range.first = Seq{range.first.value - 1};
  }
  while (range.last < timeline.last()) {
    SPINE_TRY(const bool input, is_input(next(range.last)));
    if (input) break;
    range.last = next(range.last);
  }
  return range;
}

// The agent of a run, by the event that queued it.
std::string agent_of(Timeline& timeline, RunId run) {
  const auto event = timeline.event(Seq{run.value});
  if (!event || !is_kind(*event, Body::RunQueued)) return {};
  return printable(text_of(root_of<fb::RunQueued>(*event).agent_id()));
}

// What an event says of a delivery.
void note_delivery(const EventView& event, Step& step) {
  if (!event_is_readable(event)) return;
  step.delivery = core::delivery_of(event);
  if (is_kind(event, Body::DeliveryRequested)) {
    step.answers = RunId{root_of<fb::DeliveryRequested>(event).run()};
  } else if (is_kind(event, Body::DeliveryConfirmed)) {
    step.attempted = Seq{root_of<fb::DeliveryConfirmed>(event).attempted()};
  } else if (is_kind(event, Body::DeliveryFailed)) {
    const auto& failed = root_of<fb::DeliveryFailed>(event);
    step.attempted = Seq{failed.attempted()};
    step.rate_limited = failed.kind() == fb::DeliveryFailure::rate_limited;
  }
}

// The channel that an effect goes to: of its delivery, or that of the run's answer.
ChannelId channel_of(const core::State& state, const core::Effect& effect) {
  core::DeliveryView delivery{};
  core::RunView run{};
  if (effect.kind == EffectKind::show_work) core::view_run(state, effect.run, run);
  if (effect.kind == EffectKind::deliver) core::view_delivery(state, effect.delivery, delivery);
  return effect.kind == EffectKind::deliver ? delivery.channel : run.channel;
}

// Whom an effect goes to: the agent of its run, or a channel.
std::string receiver_of(Timeline& timeline, const core::State& state, const core::Effect& effect) {
  if (effect.kind != EffectKind::deliver && effect.kind != EffectKind::show_work)
    return effect.run ? agent_of(timeline, effect.run) : std::string();
  core::ChannelView channel{};
  const bool known = core::view_channel(state, channel_of(state, effect), channel);
  return known ? printable(channel.name) : std::string();
}

Asked asked_of(Timeline& timeline, const core::State& state, const core::Effect& effect) {
  const EffectRow* row = effect_row(effect.kind);
  Asked asked{.text = row == nullptr ? fmt::format("effect {}", static_cast<unsigned>(effect.kind))
                                     : row->words,
              .obligation = row != nullptr && row->obligation};
  const std::string receiver = receiver_of(timeline, state, effect);
  if (!receiver.empty()) asked.text += " " + receiver;
  return asked;
}

}  // namespace

Result<Chain> Chain::gather(Timeline& timeline, Names& names, const ChainQuery& query) {
  SPINE_TRY(const RecordHeader header, header_of(timeline, query.of));
  Chain chain;
  const bool sound = header.correlation != 0 && header.correlation <= query.of.value;
  chain.root_ = sound ? Seq{header.correlation} : query.of;
  chain.upto_ = query.upto ? std::min(query.upto, timeline.last()) : timeline.last();
  chain.upto_ = std::max(chain.upto_, query.of);
  SPINE_TRY_STATUS(chain.walk(timeline, names, query.of));
  chain.link(names);
  if (!query.effects) return chain;
  if (const Status found = chain.find_effects(timeline); !found) {
    chain.without_effects_ = found.error().message;
  }
  return chain;
}

Result<Chain> Chain::path_up(Timeline& timeline, Names& names, Seq of) {
  Chain chain;
  std::vector<Seq> path{of};
  while (path.size() < kStepsMax) {
    SPINE_TRY(const RecordHeader header, header_of(timeline, path.back()));
    if (header.cause == 0 || header.cause >= path.back().value ||
        header.cause < timeline.first().value) {
      break;
    }
    path.push_back(Seq{header.cause});
  }
  std::ranges::reverse(path);
  for (const Seq seq : path) {
    SPINE_TRY(const journal::BlockView block, timeline.reader().block_of(seq));
    chain.add(block.event(static_cast<std::uint32_t>(seq.value - block.first().value)), names,
              false);
  }
  chain.root_ = path.front();
  chain.upto_ = of;
  chain.link(names);
  chain.asked_for_ = chain.steps_.size() - 1;
  return chain;
}

Status Chain::walk(Timeline& timeline, Names& names, Seq of) {
  SPINE_TRY_STATUS(timeline.for_each_event(root_, upto_, [&](const EventView& event) {
    const bool own = event.header.correlation == root_.value || event.seq == root_;
    const bool guest = !own && event.seq != of && is_guest(event);
    if (!own && !guest && event.seq != of) return true;
    if (steps_.size() >= kStepsMax && event.seq != of) {
      ++left_out_;
      return true;
    }
    if (event.seq == of) asked_for_ = steps_.size();
    add(event, names, guest);
    return true;
  }));
  return ok();
}

// Whether it is about a run of this chain that is open. By its header, if it can be told by that.
bool Chain::is_guest(const EventView& event) {
  if (open_runs_.empty() || !ends_runs(event)) return false;
  if (event.header.session != 0 && !names_id(sessions_, event.header.session)) return false;
  return std::ranges::any_of(runs_in(event),
                             [&](std::uint64_t run) { return names_id(open_runs_, run); });
}

void Chain::add(const EventView& event, Names& names, bool guest) {
  Step step{.seq = event.seq,
            .header = event.header,
            .kind = kind_name(event.header.kind),
            .summary = summary_of(event, names),
            .runs = runs_in(event),
            .failure = is_failure(event),
            .routine = is_routine(event),
            .guest = guest};
  note_delivery(event, step);
  if (guest) step.summary += fmt::format(" (of the chain of #{})", event.header.correlation);
  if (is_kind(event, Body::RunQueued)) {
    open_runs_.push_back(event.seq.value);
    sessions_.push_back(event.header.session);
  } else if (ends_runs(event)) {
    std::erase_if(open_runs_, [&](std::uint64_t run) { return names_id(step.runs, run); });
    if (open_runs_.empty()) sessions_.clear();
  }
  steps_.push_back(std::move(step));
}

// Parents by cause; a guest belongs to the last event of the run that it is about.
void Chain::link(Names& names) {
  const auto find = [&](std::uint64_t seq) {
    const auto at = std::ranges::lower_bound(steps_, Seq{seq}, {}, &Step::seq);
    return at != steps_.end() && at->seq.value == seq
               ? static_cast<std::size_t>(at - steps_.begin())
               : Step::kNone;
  };
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    if (step.guest) {
      for (std::size_t before = i; before-- > 0 && step.parent == Step::kNone;) {
        const bool same = std::ranges::any_of(
            steps_[before].runs, [&](std::uint64_t run) { return names_id(step.runs, run); });
        if (same) step.parent = before;
      }
    } else if (step.header.cause < step.seq.value) {
      step.parent = find(step.header.cause);
    }
    if (step.parent != Step::kNone) steps_[step.parent].children.push_back(i);
    const bool same_person =
        step.parent != Step::kNone && steps_[step.parent].header.principal == step.header.principal;
    if (!same_person) step.by = who_text(PrincipalId{step.header.principal}, names);
  }
}

Status Chain::find_effects(Timeline& timeline) {
  core::State state;
  for (std::size_t i = 0; i < steps_.size();) {
    if (core::kind_of(steps_[i].header.kind).effects == nullptr) {
      ++i;
      continue;
    }
    SPINE_TRY(const DecisionRange decision, decision_of(timeline, steps_[i].seq));
    core::Departures gone;
    SPINE_TRY_STATUS(timeline.state_at(Seq{decision.first.value - 1}, state));
    SPINE_TRY_STATUS(timeline.fold_to(decision.last, state,
                                      [&](const EventView& event) { gone.note(state, event); }));
    for (; i < steps_.size() && steps_[i].seq <= decision.last; ++i) {
      SPINE_TRY(const EventView event, timeline.event(steps_[i].seq));
      core::Effects effects;
      core::effects(state, gone, event, effects);
      for (const core::Effect& effect : effects) {
        Asked asked = asked_of(timeline, state, effect);
        asked.closed = closing(i, effect);
        steps_[i].asked.push_back(std::move(asked));
      }
    }
  }
  return ok();
}

// The first event after the step that ends what it asked for; 0 = none so far.
Seq Chain::closing(std::size_t step, const core::Effect& effect) const {
  const EffectRow* row = effect_row(effect.kind);
  if (row == nullptr) return {};
  for (std::size_t i = step + 1; i < steps_.size(); ++i) {
    const bool of_kind = std::ranges::any_of(row->closed_by, [&](Body kind) {
      return kind != Body::NONE && is_kind(steps_[i].header.kind, kind);
    });
    const bool ends = effect.kind == EffectKind::deliver
                          ? steps_[i].attempted == effect.id.seq
                          : names_id(steps_[i].runs, effect.run.value);
    if (of_kind && ends) return steps_[i].seq;
  }
  return {};
}

std::uint64_t Chain::since_ms(const Step& step) const {
  const std::uint64_t first = steps_.front().header.logical_ms;
  return step.header.logical_ms > first ? step.header.logical_ms - first : 0;
}

std::size_t Chain::open_count() const {
  std::size_t open = 0;
  for (const Step& step : steps_) {
    open += static_cast<std::size_t>(std::ranges::count_if(
        step.asked, [](const Asked& asked) { return asked.obligation && !asked.closed; }));
  }
  return open;
}

std::size_t Chain::failure_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(steps_, &Step::failure));
}

}  // namespace spine::replay
