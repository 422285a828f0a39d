// Explainer: the facts of each subject, in the order in which they were decided.
#include "replay/trace/explainer.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "engine/core/deliveries/dispatcher.h"
#include "engine/core/model/kinds.h"
#include "engine/core/questions/delivery_answers.h"
#include "replay/timeline/moment.h"
#include "replay/trace/burst_run.h"
#include "replay/trace/delivery_explainer.h"
#include "replay/trace/summaries.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

using Body = fb::EventBody;

constexpr std::size_t kDepthMax = 4;
constexpr std::uint64_t kWaitShownMs = 1'000;
constexpr std::size_t kAgentEventsShown = 8;
constexpr std::size_t kRunsShown = 20;

const Step* step_of(const Chain& chain, Body kind) {
  for (const Step& step : chain.steps())
    if (is_kind(step.header.kind, kind)) return &step;
  return nullptr;
}

bool is_about(const Step& step, RunId run) {
  return std::ranges::find(step.runs, run.value) != step.runs.end();
}

bool is_end(const Step& step) {
  return is_kind(step.header.kind, Body::RunFinished) ||
         is_kind(step.header.kind, Body::RunFailed) ||
         is_kind(step.header.kind, Body::RunAborted) || is_kind(step.header.kind, Body::RunsMerged);
}

// The agent that an event is of; empty for other events.
std::string_view agent_of_event(const EventView& event) {
  const auto kind = static_cast<Body>(event.header.kind);
  if (kind < Body::AgentStarted || kind > Body::AgentRestartRequested) return {};
  if (!event_is_readable(event)) return {};
  switch (kind) {
    case Body::AgentStarted:
      return text_of(root_of<fb::AgentStarted>(event).agent_id());
    case Body::AgentExited:
      return text_of(root_of<fb::AgentExited>(event).agent_id());
    case Body::AgentQuarantined:
      return text_of(root_of<fb::AgentQuarantined>(event).agent_id());
    case Body::AgentReset:
      return text_of(root_of<fb::AgentReset>(event).agent_id());
    case Body::AgentRestartRequested:
      return text_of(root_of<fb::AgentRestartRequested>(event).agent_id());
    default:
      return {};
  }
}

const fb::ConfigApplied* config_of(const core::State& state) {
  const ByteSpan body = core::view_engine(state).policy;
  return body.empty() ? nullptr : &root_of<fb::ConfigApplied>(body);
}

// What the configuration says of a channel; empty when it has no entry.
std::string policy_text(const core::State& state, std::string_view channel) {
  const fb::ConfigApplied* config = config_of(state);
  if (config == nullptr || config->channels() == nullptr) return {};
  for (const fb::ChannelPolicy* policy : *config->channels()) {
    if (!same_but_case(text_of(policy->name()), channel)) continue;
    return fmt::format(
        "channels.{}: dmPolicy {}, {} in allowFrom; groupPolicy {}, {} groups listed",
        printable(channel), fb::EnumNameDmPolicy(policy->dm_policy()),
        policy->allow_from() ? policy->allow_from()->size() : 0,
        fb::EnumNameDmPolicy(policy->group_policy()),
        policy->groups() ? policy->groups()->size() : 0);
  }
  return fmt::format("channels has no entry \"{}\": the defaults hold", printable(channel));
}

// Which entry of the configuration names the agent for the channel.
std::string choice_text(const core::State& state, std::string_view agent,
                        std::string_view channel) {
  const fb::ConfigApplied* config = config_of(state);
  if (config == nullptr) return "by default";
  for (flatbuffers::uoffset_t i = 0;
       config->bindings() != nullptr && i < config->bindings()->size(); ++i) {
    const fb::Binding* binding = config->bindings()->Get(i);
    if (same_but_case(text_of(binding->agent_id()), agent) &&
        same_but_case(text_of(binding->channel()), channel)) {
      return fmt::format("by a binding of {} (bindings[{}])", printable(channel), i);
    }
  }
  return "the default agent";
}

std::string agents_text(const core::State& state) {
  const fb::ConfigApplied* config = config_of(state);
  std::string text;
  if (config == nullptr || config->agents() == nullptr) return "none";
  for (flatbuffers::uoffset_t i = 0; i < config->agents()->size(); ++i)
    text += (i == 0 ? "" : ", ") + printable(text_of(config->agents()->Get(i)));
  return text;
}

std::string ago(std::uint64_t since_ms, std::uint64_t now_ms) {
  return show_duration_ms(now_ms > since_ms ? now_ms - since_ms : 0);
}

std::uint64_t wall_since(std::int64_t then_ms, const core::State& state) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(state.now().wall_ms - then_ms, 0));
}

}  // namespace

std::string Explainer::event_line(const EventView& event) const {
  std::string line =
      fmt::format("{}  {}", utc_text(event.header.wall_ms), kind_name(event.header.kind));
  const std::string summary = summary_of(event, names_);
  return summary.empty() ? line : line + "  " + summary;
}

Status Explainer::reach_head() {
  return timeline_.state_at(upto(), head_);
}

Result<Explanation> Explainer::about(std::string_view what) {
  const std::optional<Seq> seq = seq_of_text(what);
  if (seq && (check_there(*seq, timeline_) || what.starts_with('#'))) {
    SPINE_TRY_STATUS(check_there(*seq, timeline_));
    return about_event(*seq);
  }
  SPINE_TRY_STATUS(reach_head());
  if (const SessionId session = core::find_session(head_, what))
    return about_session(session, what);
  if (what.starts_with("agent:")) return about_session(SessionId{}, what);
  SPINE_TRY(const Matches matches, find_matches(what, timeline_, names_, selection_));
  if (!matches.empty()) {
    SPINE_TRY(const Seq found, find_event(what, timeline_, names_, selection_));
    SPINE_TRY(Explanation explanation, about_event(found));
    for (const Seq rejected : matches.rejected) {
      if (rejected != found) explanation.add(rejected, "a message of the same id was rejected");
    }
    return explanation;
  }
  if (is_configured(what) || is_quarantined(what)) return about_agent(what);
  return about_missing(what);
}

Result<Explanation> Explainer::about_event(Seq seq) {
  SPINE_TRY(const EventView event, timeline_.event(seq));
  Explanation out{.subject = fmt::format("#{}  {}", seq.value, event_line(event))};
  const auto kind = static_cast<Body>(event.header.kind);
  if (kind == Body::MessageReceived) {
    SPINE_TRY_STATUS(explain_message(seq, out));
    return out;
  }
  if (kind == Body::MessageRejected) {
    SPINE_TRY_STATUS(explain_rejection(seq, out));
    return out;
  }
  if (const DeliveryId delivery = core::delivery_of(event)) {
    SPINE_TRY(const Chain chain,
              Chain::gather(timeline_, names_, {.of = seq, .upto = upto(), .effects = false}));
    SPINE_TRY_STATUS(reach_head());
    DeliveryExplainer(head_, chain).explain(delivery, out);
    return out;
  }
  const SessionId session{event.header.session};
  if (kind == Body::SessionOpened) {
    return about_session(session, std::string(text_of(root_of<fb::SessionOpened>(event).key())));
  }
  if (const std::string agent{agent_of_event(event)}; !agent.empty()) return about_agent(agent);
  SPINE_TRY(const Chain path, Chain::path_up(timeline_, names_, seq));
  for (const Step& step : path.steps()) {
    if (step.seq == seq) continue;
    out.add(step.seq,
            fmt::format("{}  {}  {}", utc_text(step.header.wall_ms), step.kind, step.summary));
  }
  // What became of the run that it is about.
  std::vector<RunId> runs;
  if (const core::Kind& row = core::kind_of(event.header.kind); row.runs != nullptr) {
    SPINE_TRY(const EventView again, timeline_.event(seq));
    row.runs(again, runs);
  }
  out.reason = Reason::followed;
  if (runs.size() == 1) {
    SPINE_TRY(const Chain chain,
              Chain::gather(timeline_, names_,
                            {.of = Seq{runs.front().value}, .upto = upto(), .effects = false}));
    SPINE_TRY_STATUS(explain_run(chain, runs.front(), out));
  }
  return out;
}

Status Explainer::explain_message(Seq seq, Explanation& out) {
  SPINE_TRY(EventView event, timeline_.event(seq));
  out.add(seq, fmt::format("it was accepted from {} and recorded",
                           who_text(PrincipalId{event.header.principal}, names_)));
  SPINE_TRY_STATUS(explain_session_choice(event, out));
  SPINE_TRY(const Chain chain,
            Chain::gather(timeline_, names_, {.of = seq, .upto = upto(), .effects = false}));
  for (const Step& step : chain.steps()) {
    if (is_kind(step.header.kind, Body::RunQueued)) {
      return explain_run(chain, RunId{step.seq.value}, out);
    }
  }
  SPINE_TRY(const RunId run, run_of_burst(chain, timeline_, upto()));
  if (run) {
    SPINE_TRY(
        const Chain of_run,
        Chain::gather(timeline_, names_, {.of = Seq{run.value}, .upto = upto(), .effects = false}));
    out.add(Seq{run.value}, "it is part of a turn of several messages");
    return explain_run(of_run, run, out);
  }
  SPINE_TRY(event, timeline_.event(seq));
  return explain_no_run(chain, event, out);
}

// Which rule chose the session and its agent.
Status Explainer::explain_session_choice(const EventView& message, Explanation& out) {
  const Seq seq = message.seq;
  const SessionId session{message.header.session};
  const auto& body = root_of<fb::MessageReceived>(message);
  const bool by_channel = body.via() == fb::MessageVia::channel;
  const std::string channel(text_of(body.channel()));
  const bool direct = body.conversation() == fb::ConversationKind::direct;
  core::State before;
  SPINE_TRY_STATUS(timeline_.state_at(Seq{seq.value - 1}, before));
  const SessionName& name = names_.session(session);
  std::string why = "the client named it";
  if (by_channel) {
    const fb::ConfigApplied* config = config_of(before);
    why = direct ? fmt::format("session.dmScope is {}",
                               config ? fb::EnumNameDmScope(config->dm_scope()) : "the default")
                 : std::string("a group has a session of its own");
    why += fmt::format("; its agent is {}, {}", printable(name.agent_id),
                       choice_text(before, name.agent_id, channel));
  }
  out.add(Seq{session.value},
          fmt::format("it belongs to session {}{}; {}", printable(name.key),
                      session.value > seq.value ? ", which it opened" : "", why));
  return ok();
}

// The rules of decide_message that start no run, told apart by what they leave in the journal.
Status Explainer::explain_no_run(const Chain& chain, const EventView& message, Explanation& out) {
  const auto& body = root_of<fb::MessageReceived>(message);
  const auto found = [&](Body kind, Reason reason) {
    const Step* step = step_of(chain, kind);
    if (step == nullptr) return false;
    out.add(step->seq, fmt::format("{}  {}", step->kind, step->summary));
    out.reason = reason;
    return true;
  };
  const bool none =
      same_but_case(names_.session(SessionId{message.header.session}).agent_id, "none");
  if (body.no_run()) {
    out.reason = Reason::only_recorded;
  } else if (none) {
    out.reason = Reason::no_agent;
  } else if (found(Body::CommandAnswered, Reason::is_command) ||
             found(Body::ApprovalResolved, Reason::answers_request) ||
             found(Body::ChannelPairingResolved, Reason::answers_request) ||
             found(Body::PairingCodeAnswered, Reason::answers_request)) {
    // Said by found().
  } else {
    const bool group = body.via() == fb::MessageVia::channel &&
                       body.conversation() != fb::ConversationKind::direct;
    const std::string text(text_of(body.text()));
    std::string_view rest;
    core::State before;
    SPINE_TRY_STATUS(timeline_.state_at(Seq{chain.root().value - 1}, before));
    const bool fresh = core::is_reset_trigger(before, text, rest) && rest.empty();
    out.reason = fresh ? Reason::fresh_start : group ? Reason::not_addressed : Reason::unknown;
    if (fresh) found(Body::SessionReset, Reason::fresh_start);
  }
  return ok();
}

Status Explainer::explain_rejection(Seq seq, Explanation& out) {
  SPINE_TRY(const EventView event, timeline_.event(seq));
  const auto& body = root_of<fb::MessageRejected>(event);
  const Seq original{body.original()};
  const fb::RejectReason why = body.reason();
  const std::string channel(body.message() ? text_of(body.message()->channel()) : "");
  out.add(seq, fmt::format("it was rejected: {}", fb::EnumNameRejectReason(why)));
  out.reason = reason_of(why);
  if (why == fb::RejectReason::duplicate && original && depth_ < kDepthMax) {
    ++depth_;
    const auto first = timeline_.event(original);
    if (!first || !is_kind(*first, Body::MessageReceived)) {
      out.add(original, "the first one; it is not in this journal any more");
      return ok();
    }
    out.add(original, "the first one, of which this is a repeat:");
    SPINE_TRY_STATUS(explain_message(original, out));
    out.add(fmt::format("so of the first one: {}", row_of_reason(out.reason).words));
    out.reason = Reason::duplicate;
    return ok();
  }
  core::State before;
  SPINE_TRY_STATUS(timeline_.state_at(Seq{seq.value - 1}, before));
  if (why == fb::RejectReason::unknown_agent) {
    out.add(fmt::format("the agents that were configured: {}", agents_text(before)));
  } else if (!channel.empty()) {
    out.add(policy_text(before, channel));
  }
  if (why == fb::RejectReason::unpaired) return explain_pairing(seq, out);
  return ok();
}

// The request that the rejection made, and what became of it.
Status Explainer::explain_pairing(Seq rejection, Explanation& out) {
  SPINE_TRY(const Chain chain,
            Chain::gather(timeline_, names_, {.of = rejection, .upto = upto(), .effects = false}));
  const Step* request = step_of(chain, Body::ChannelPairingRequested);
  if (request == nullptr) {
    out.add(
        "it made no request of its own: an earlier one of the sender was open, or as many were "
        "as there may be");
    return ok();
  }
  out.add(request->seq, fmt::format("it asked for pairing: {}", request->summary));
  Fact answer{.text = "nobody has answered that request"};
  SPINE_TRY_STATUS(timeline_.for_each_event(request->seq, upto(), [&](const EventView& event) {
    if (!is_kind(event, Body::ChannelPairingResolved) || !event_is_readable(event) ||
        root_of<fb::ChannelPairingResolved>(event).request() != request->seq.value) {
      return true;
    }
    answer = {.seq = event.seq, .text = event_line(event) + "; what was rejected before stays so"};
    return false;
  }));
  out.facts.push_back(std::move(answer));
  return ok();
}

Status Explainer::explain_run(const Chain& chain, RunId run, Explanation& out) {
  const Step* queued = nullptr;
  const Step* started = nullptr;
  const Step* end = nullptr;
  for (const Step& step : chain.steps()) {
    if (!is_about(step, run)) continue;
    const bool starts = is_kind(step.header.kind, Body::RunStarted);
    if (is_kind(step.header.kind, Body::RunQueued)) queued = &step;
    if (starts && started == nullptr) {
      started = &step;
      if (queued != nullptr) SPINE_TRY_STATUS(explain_wait(run, *queued, step, out));
    }
    if (is_end(step)) end = &step;
    const bool told = queued == &step || starts || is_end(step) ||
                      is_kind(step.header.kind, Body::RunSteered) ||
                      (step.failure && !is_kind(step.header.kind, Body::ToolReturned));
    if (told) {
      out.add(step.seq,
              fmt::format("{}  {}  {}", utc_text(step.header.wall_ms), step.kind, step.summary));
    }
  }
  if (end == nullptr) return explain_open_run(run, out);
  SPINE_TRY_STATUS(explain_end(*end, run, out));
  SPINE_TRY_STATUS(explain_answer(chain, *end, run, out));
  return explain_retry(run, end->seq, out);
}

// What became of what was to be said on a channel.
Status Explainer::explain_answer(const Chain& chain, const Step& end, RunId run, Explanation& out) {
  if (const DeliveryId delivery = delivery_of_run(chain, run)) {
    SPINE_TRY_STATUS(reach_head());
    DeliveryExplainer(head_, chain).explain(delivery, out);
    return ok();
  }
  SPINE_TRY(EventView event, timeline_.event(chain.root()));
  if (!is_kind(event, Body::MessageReceived) || !is_kind(end.header.kind, Body::RunFinished))
    return ok();
  const auto& message = root_of<fb::MessageReceived>(event);
  if (message.via() != fb::MessageVia::channel) return ok();
  const std::string channel = printable(text_of(message.channel()));
  SPINE_TRY(event, timeline_.event(end.seq));
  if (core::Dispatcher::is_silent(text_of(root_of<fb::RunFinished>(event).text()))) {
    out.reason = Reason::agent_silent;
  } else {
    out.add(
        fmt::format("the gateway did not deliver to {} itself then: the program that brought "
                    "the message takes the answer there",
                    channel));
  }
  return ok();
}

// What became of another try that somebody asked for.
Status Explainer::explain_retry(RunId run, Seq end, Explanation& out) {
  Seq request{};
  RunId again{};
  SPINE_TRY_STATUS(timeline_.for_each_event(end, upto(), [&](const EventView& event) {
    if (is_kind(event, Body::RunRetryRequested) && event_is_readable(event) &&
        root_of<fb::RunRetryRequested>(event).run() == run.value) {
      request = event.seq;
    }
    const bool follows = request && event.header.cause == request.value;
    if (follows && is_kind(event, Body::RunQueued)) again = RunId{event.seq.value};
    return !again;
  }));
  if (!again || depth_ >= kDepthMax) return ok();
  ++depth_;
  SPINE_TRY(
      const Chain chain,
      Chain::gather(timeline_, names_, {.of = Seq{again.value}, .upto = upto(), .effects = false}));
  out.add(request, "somebody asked for another try:");
  return explain_run(chain, again, out);
}

// Why it did not start at once.
Status Explainer::explain_wait(RunId run, const Step& queued, const Step& started,
                               Explanation& out) {
  const std::uint64_t waited = started.header.logical_ms > queued.header.logical_ms
                                   ? started.header.logical_ms - queued.header.logical_ms
                                   : 0;
  if (waited < kWaitShownMs) return ok();
  core::State then;
  SPINE_TRY_STATUS(timeline_.state_at(queued.seq, then));
  core::SessionView session;
  std::string behind;
  if (core::view_session(then, SessionId{queued.header.session}, session) && session.active_run &&
      session.active_run != run) {
    behind = fmt::format(" behind run #{}", session.active_run.value);
  }
  out.add(fmt::format("it waited {}{}", show_duration_ms(waited), behind));
  return ok();
}

Status Explainer::explain_end(const Step& step, RunId run, Explanation& out) {
  SPINE_TRY(const EventView event, timeline_.event(step.seq));
  switch (static_cast<Body>(event.header.kind)) {
    case Body::RunFinished:
      out.reason = Reason::answered;
      return ok();
    case Body::RunFailed: {
      const fb::RunOutcome outcome = root_of<fb::RunFailed>(event).outcome();
      out.reason = outcome == fb::RunOutcome::quarantined ? Reason::crashed_too_often
                   : outcome == fb::RunOutcome::left      ? Reason::left_alone
                                                          : Reason::failed;
      const auto first = timeline_.event(Seq{run.value});
      if (!first || !is_kind(*first, Body::RunQueued)) return ok();
      const std::string agent(text_of(root_of<fb::RunQueued>(*first).agent_id()));
      out.agent = agent;
      return add_agent_events(agent, Seq{run.value}, kAgentEventsShown, out);
    }
    case Body::RunAborted:
      out.reason = reason_of(root_of<fb::RunAborted>(event).reason());
      return ok();
    default:
      break;
  }
  const RunId into{root_of<fb::RunsMerged>(event).into()};
  out.reason = Reason::answered_together;
  if (depth_ >= kDepthMax || !into || into == run) return ok();
  ++depth_;
  SPINE_TRY(
      const Chain other,
      Chain::gather(timeline_, names_, {.of = Seq{into.value}, .upto = upto(), .effects = false}));
  out.add(Seq{into.value}, "that run:");
  SPINE_TRY_STATUS(explain_run(other, into, out));
  if (out.reason == Reason::answered) out.reason = Reason::answered_together;
  return ok();
}

Status Explainer::explain_open_run(RunId run, Explanation& out) {
  SPINE_TRY_STATUS(reach_head());
  core::RunView view;
  core::SessionView session;
  if (!core::view_run(head_, run, view) || !core::view_session(head_, view.session, session)) {
    out.reason = Reason::unknown;
    return ok();
  }
  const std::string agent(view.agent_id);
  out.agent = agent;
  out.run = view.key;
  out.reason = waiting_reason(view, session, out);
  return add_agent_events(agent, Seq{run.value}, kAgentEventsShown, out);
}

// What an open run waits for, in the state at the head.
Reason Explainer::waiting_reason(const core::RunView& run, const core::SessionView& session,
                                 Explanation& out) {
  const core::EngineMemory engine = core::view_engine(head_);
  if (engine.stopped) {
    out.add(engine.started, "the process that started here has stopped in order");
    return Reason::engine_stopped;
  }
  const bool quarantined = is_quarantined(run.agent_id);
  if (run.status == core::RunStatus::running) {
    out.add(run.started,
            fmt::format("agent {} has been at attempt {} for {}", printable(run.agent_id),
                        run.attempt, show_duration_ms(wall_since(run.started_wall_ms, head_))));
    return quarantined ? Reason::agent_quarantined : Reason::agent_at_work;
  }
  if (run.steered) {
    out.add(Seq{run.steered.value}, "the run whose agent took the message");
    return Reason::steered;
  }
  if (session.active_run) {
    std::vector<RunId> open;
    core::list_open_runs(head_, limits::kRunsOpenMax, open);
    std::size_t before = 0;
    for (const RunId other : open) {
      core::RunView view;
      if (other < run.id && core::view_run(head_, other, view) && view.session == run.session) {
        ++before;
      }
    }
    out.run = session.active_run_key;
    out.add(Seq{session.active_run.value},
            fmt::format("the run that the session works on; {} before this one", before));
    return quarantined ? Reason::agent_quarantined : Reason::behind_another;
  }
  if (run.not_before_ms > head_.now().logical_ms) {
    out.add(fmt::format("it may start in {}", ago(head_.now().logical_ms, run.not_before_ms)));
    return Reason::delayed;
  }
  return Reason::due;
}

bool Explainer::is_quarantined(std::string_view agent) const {
  std::vector<std::string_view> agents;
  core::list_quarantined(head_, agents);
  return std::ranges::any_of(agents, [&](std::string_view id) { return same_but_case(id, agent); });
}

bool Explainer::is_configured(std::string_view agent) const {
  const fb::ConfigApplied* config = config_of(head_);
  if (config == nullptr || config->agents() == nullptr) return false;
  return std::ranges::any_of(*config->agents(), [&](const flatbuffers::String* id) {
    return same_but_case(text_of(id), agent);
  });
}

Status Explainer::add_agent_events(std::string_view agent, Seq downto, std::size_t count,
                                   Explanation& out) {
  std::vector<Fact> found;
  SPINE_TRY_STATUS(timeline_.for_each_event_back(upto(), downto, [&](const EventView& event) {
    if (same_but_case(agent_of_event(event), agent) && !agent.empty()) {
      found.push_back({event.seq, event_line(event)});
    }
    return found.size() < count;
  }));
  out.facts.insert(out.facts.end(), found.rbegin(), found.rend());
  return ok();
}

Result<Explanation> Explainer::about_session(SessionId id, std::string_view key) {
  SPINE_TRY_STATUS(reach_head());
  Explanation out{.subject = fmt::format("Session {}, as of #{}", printable(key), upto().value)};
  core::SessionView session;
  if (!core::view_session(head_, id, session)) {
    bool known = false;
    SessionBlocks where(timeline_, std::string(key));
    const auto look = [&](const EventView& event) {
      if (!is_kind(event, Body::SessionOpened) && !is_kind(event, Body::SessionClosed)) return true;
      if (names_.session(SessionId{event.header.session}).key != key) return true;
      known = true;
      out.add(event.seq, event_line(event));
      return out.facts.size() < kRunsShown;
    };
    SPINE_TRY_STATUS(timeline_.for_each_event(selection_.from, upto(), look, &where));
    out.reason = known ? Reason::session_gone : Reason::no_session;
    return out;
  }
  out.add(Seq{id.value},
          fmt::format("opened; messages and replies of this life: {}, the last {} ago",
                      session.message_count,
                      show_duration_ms(wall_since(session.updated_wall_ms, head_))));
  std::vector<RunId> open;
  core::list_open_runs(head_, limits::kRunsOpenMax, open);
  std::size_t runs = 0;
  out.reason = Reason::session_idle;
  for (const RunId run : open) {
    core::RunView view;
    if (!core::view_run(head_, run, view) || view.session != id || ++runs > kRunsShown) continue;
    const auto message = timeline_.event(view.message);
    out.add(Seq{run.value},
            fmt::format("run {} of message #{}: {}", printable(view.key), view.message.value,
                        message ? summary_of(*message, names_) : "gone"));
    // The state was not changed by reading the event.
    const Reason reason = waiting_reason(view, session, out);
    if (runs > 1) continue;
    out.reason = reason;
    out.agent = view.agent_id;
    out.run = view.key;
  }
  if (runs > kRunsShown) out.add(fmt::format("and {} more runs that wait", runs - kRunsShown));
  std::vector<core::ApprovalView> questions;
  core::list_approvals(head_, questions);
  for (const core::ApprovalView& question : questions) {
    if (question.session != id) continue;
    out.add(question.request,
            fmt::format("the agent waits for an answer: {} {}, code {}", printable(question.tool),
                        quoted(question.detail), printable(question.code)));
  }
  if (runs != 0) {
    SPINE_TRY_STATUS(
        add_agent_events(std::string(session.agent_id), Seq{id.value}, kAgentEventsShown, out));
  }
  return out;
}

Result<Explanation> Explainer::about_agent(std::string_view agent) {
  SPINE_TRY_STATUS(reach_head());
  Explanation out{.subject = fmt::format("Agent {}, as of #{}", printable(agent), upto().value),
                  .agent = std::string(agent)};
  SPINE_TRY_STATUS(add_agent_events(agent, selection_.from, kAgentEventsShown, out));
  std::vector<RunId> open;
  core::list_open_runs(head_, limits::kRunsOpenMax, open);
  std::size_t at_work = 0;
  std::size_t waiting = 0;
  for (const RunId run : open) {
    core::RunView view;
    if (!core::view_run(head_, run, view) || !same_but_case(view.agent_id, agent)) continue;
    ++(view.status == core::RunStatus::running ? at_work : waiting);
  }
  bool crashed = false;
  for (const Fact& fact : out.facts) {
    SPINE_TRY(const EventView event, timeline_.event(fact.seq));
    if (is_kind(event, Body::AgentExited)) crashed = is_failure(event);
    if (is_kind(event, Body::AgentStarted)) crashed = false;
  }
  out.add(fmt::format("its runs: {} at work, {} waiting", at_work, waiting));
  out.reason = is_quarantined(agent) ? Reason::agent_quarantined
               : crashed             ? Reason::agent_crashes
                                     : Reason::agent_fine;
  return out;
}

// What was going on in the part of the journal in which it should be.
Result<Explanation> Explainer::about_missing(std::string_view what) {
  SPINE_TRY_STATUS(reach_head());
  Explanation out{.subject = fmt::format("\"{}\" is not in the journal", printable(what))};
  const Seq from = std::max(selection_.from, timeline_.first());
  if (!from || from > upto()) {
    out.add("there are no events in the part that was looked at");
    out.reason = Reason::never_arrived;
    return out;
  }
  SPINE_TRY(const std::int64_t begins, timeline_.time_of(from));
  SPINE_TRY(const std::int64_t ends, timeline_.time_of(upto()));
  out.add(fmt::format("looked at #{} ({}) to #{} ({})", from.value, utc_text(begins), upto().value,
                      utc_text(ends)));
  std::vector<Fact> life;
  std::size_t accepted = 0;
  std::size_t rejected = 0;
  SPINE_TRY_STATUS(timeline_.for_each_event(from, upto(), [&](const EventView& event) {
    const auto kind = static_cast<Body>(event.header.kind);
    accepted += kind == Body::MessageReceived ? 1 : 0;
    rejected += kind == Body::MessageRejected ? 1 : 0;
    const bool told =
        kind == Body::EngineStarted || kind == Body::EngineStopped || kind == Body::ConnectsRefused;
    if (told && life.size() == kAgentEventsShown) life.erase(life.begin());
    if (told) life.push_back({event.seq, event_line(event)});
    return true;
  }));
  out.facts.insert(out.facts.end(), life.begin(), life.end());
  out.add(
      fmt::format("messages in that time: {} accepted, {} recorded as rejected; at most {} "
                  "rejections a minute are recorded, the others are only counted",
                  show_count(accepted), show_count(rejected), limits::kRejectionsPerMinute));
  const bool stopped = core::view_engine(head_).stopped;
  out.reason = stopped ? Reason::arrived_outside : Reason::never_arrived;
  return out;
}

}  // namespace spine::replay
