// From recorded events back to inputs, and from these to decisions.
#include "replay/fork/redecision.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "engine/core/model/counterparts.h"
#include "engine/core/model/evolve.h"
#include "schemas/event_verify.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::replay {
namespace {

using Clock = std::chrono::steady_clock;

bool is_input(const EventView& event) {
  return (event.header.flags & record_flag::kInput) != 0;
}

void count(std::uint16_t kind, Outcomes& outcomes) {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::MessageReceived:
      ++outcomes.accepted;
      return;
    case fb::EventBody::MessageRejected:
      ++outcomes.refused;
      return;
    case fb::EventBody::SessionOpened:
      ++outcomes.sessions;
      return;
    case fb::EventBody::RunQueued:
      ++outcomes.runs;
      return;
    case fb::EventBody::RunFinished:
      ++outcomes.finished;
      return;
    case fb::EventBody::RunFailed:
      ++outcomes.failed;
      return;
    default:
      return;
  }
}

EventView view_of(const core::Draft& draft, Seq seq) {
  return {.seq = seq, .header = draft.header, .body = draft.body};
}

// The version of the rules that the process used which wrote the journal at that state.
std::uint32_t rules_at(Timeline& timeline, const core::State& state) {
  const Seq started = core::view_engine(state).started;
  if (!started) return 0;
  // A bundle does not hold its process's start: it is taken for one of this version.
  if (started < timeline.first()) return core::kRulesVersion;
  const auto event = timeline.event(started);
  const bool there = event && is_kind(*event, fb::EventBody::EngineStarted);
  return there ? root_of<fb::EngineStarted>(*event).rules() : 0;
}

// The last event of the decision that `seq` belongs to.
Result<Seq> end_of_decision(Timeline& timeline, Seq seq) {
  Seq end = std::min(seq, timeline.last());
  SPINE_TRY_STATUS(timeline.for_each_event(next(end), timeline.last(), [&](const EventView& event) {
    if (is_input(event)) return false;
    end = event.seq;
    return true;
  }));
  return end;
}

}  // namespace

Redecision::Redecision(core::State& recorded, std::uint32_t rules, std::optional<core::State> own,
                       const ForkOptions& options)
    : recorded_(recorded), options_(options), rules_(rules) {
  report_.at = last_ = recorded.applied();
  report_.rules_from = report_.rules_upto = rules;
  if (own) other_.emplace(std::move(*own), recorded);
  policy_undone_ = !options_.policy.empty();
}

void Redecision::before(const EventView& event) {
  if (policy_undone_) {
    core::put_policy(recorded_, options_.policy);
    if (other_) core::put_policy(other_->state(), options_.policy);
    policy_undone_ = false;
  }
  ++report_.events;
  if (is_input(event)) {
    end();
    begin(event);
  }
  if (is_kind(event, fb::EventBody::ConfigApplied)) policy_undone_ = !options_.policy.empty();
  count(event.header.kind, report_.recorded);
  note_kind(kinds_, event.header.kind);
  if (deciding_) compare(event);
  if (other_) undecided_ ? other_->fold_fact(event) : other_->note(event);
  last_ = event.seq;
}

void Redecision::begin(const EventView& event) {
  if (is_kind(event, fb::EventBody::EngineStarted)) {
    rules_ = root_of<fb::EngineStarted>(event).rules();
    report_.rules_from = std::min(report_.rules_from, rules_);
    report_.rules_upto = std::max(report_.rules_upto, rules_);
  }
  input_header_ = event.header;
  input_seq_ = event.seq;
  wanted_ = !options_.wanted || options_.wanted(event);
  deciding_ = core::input_of(event, input_, scratch_) && core::input_kind(input_.kind) &&
              (input_.kind == event.header.kind || verify_event_body(input_.kind, input_.body));
  undecided_ = !deciding_;
  if (undecided_) {
    ++report_.facts;
    return;
  }
  ++report_.inputs;
  if (other_) other_->translate(input_);
  decision_.clear();
  core::decide(other_ ? other_->state() : recorded_, input_, decision_);
  if (other_) other_->fold(decision_);
  for (const core::Draft& draft : decision_.drafts())
    count(draft.header.kind, report_.decided);
  if (decision_.count() != 0) return;
  if (is_kind(input_.kind, fb::EventBody::MessageReceived)) ++report_.decided.refused;
  const bool lost = decision_.reply.code == core::ReplyCode::not_found ||
                    decision_.reply.code == core::ReplyCode::nothing_to_do;
  if (!apart() || !lost) return;
  ++report_.without_subject;
  deciding_ = false;
}

void Redecision::compare(const EventView& event) {
  const std::size_t at = compared_++;
  // What a release changed in an event does not hide a fault in the next.
  if (divergence_ && (divergence_->on_purpose == nullptr || divergence_->fields.empty())) return;
  if (at >= decision_.count()) return diverges(&event, nullptr);
  const core::Draft& draft = decision_.drafts()[at];
  if (!says_the_same(event, view_of(draft, event.seq), apart())) diverges(&event, &draft);
}

void Redecision::diverges(const EventView* expected, const core::Draft* draft) {
  const Seq seq = expected != nullptr ? expected->seq : last_;
  const EventView got = draft != nullptr ? view_of(*draft, seq) : EventView{};
  const RecordHeader& about = expected != nullptr ? expected->header : got.header;
  Divergence& d = divergence_.emplace();
  d.input = input_seq_;
  d.input_kind = input_.kind;
  d.seq = seq;
  d.kind = about.kind;
  d.wall_ms = input_header_.wall_ms;
  d.cause = Seq{about.cause};
  d.principal = PrincipalId{input_header_.principal};
  d.session = SessionId{input_header_.session};
  if (expected != nullptr && draft != nullptr && about.kind == got.header.kind) {
    d.fields = changes_of(*expected, got, apart());
  }
  d.on_purpose = purpose_of(d, draft);
  if (has_room(d.on_purpose != nullptr)) {
    d.reason = reason_of(expected, draft != nullptr ? &got : nullptr, decision_.reply, d.fields);
  }
}

const char* Redecision::purpose_of(const Divergence& d, const core::Draft* draft) const {
  const core::RulesChange* change = nullptr;
  const auto find = [&](std::uint16_t kind, std::string_view field) {
    return core::find_change(options_.changes, rules_, input_.kind, kind, field);
  };
  for (const DivergentField& field : d.fields) {
    change = find(d.kind, field.name);
    if (change == nullptr) return nullptr;
  }
  if (!d.fields.empty()) return change->note;
  change = find(d.kind, {});
  if (change == nullptr && draft != nullptr) change = find(draft->header.kind, {});
  return change == nullptr ? nullptr : change->note;
}

// What was recorded of the decision is known: the next input begins, or the fork ends.
void Redecision::end() {
  const bool in_step = !divergence_ || !divergence_->fields.empty();
  if (deciding_ && in_step && compared_ < decision_.count()) {
    diverges(nullptr, &decision_.drafts()[compared_]);
  }
  if (divergence_) {
    if (other_) other_->part();
    if (wanted_) keep();
    divergence_.reset();
  }
  kinds_.clear();
  compared_ = 0;
  deciding_ = false;
}

void Redecision::keep() {
  const bool on_purpose = divergence_->on_purpose != nullptr;
  const bool room = has_room(on_purpose);
  ++(on_purpose ? report_.on_purpose : report_.differ);
  if (!room) return;
  divergence_->expected = kinds_;
  for (const core::Draft& draft : decision_.drafts())
    note_kind(divergence_->got, draft.header.kind);
  report_.kept.push_back(std::move(*divergence_));
}

void Redecision::note_kind(std::vector<std::uint16_t>& kinds, std::uint16_t kind) const {
  if (kinds.size() < Divergence::kKindsMax) kinds.push_back(kind);
}

ForkReport Redecision::finish() {
  end();
  report_.upto = last_;
  report_.recorded_end = core::count_state(recorded_);
  if (other_) report_.decided_end = core::count_state(other_->state());
  return std::move(report_);
}

Result<ForkReport> fork_journal(Timeline& timeline, Seq at, Seq upto, const ForkOptions& options) {
  core::State state;
  std::optional<core::State> own;
  SPINE_TRY_STATUS(timeline.state_at(at, state));
  if (options.decide) SPINE_TRY_STATUS(timeline.state_at(at, own.emplace()));
  SPINE_TRY(const Seq end, end_of_decision(timeline, std::max(at, upto)));
  const std::int64_t at_wall_ms = state.now().wall_ms;
  const auto began = Clock::now();
  Redecision redecision(state, rules_at(timeline, state), std::move(own), options);
  SPINE_TRY_STATUS(
      timeline.fold_to(end, state, [&](const EventView& event) { redecision.before(event); }));
  ForkReport report = redecision.finish();
  report.at_wall_ms = at_wall_ms;
  report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return report;
}

}  // namespace spine::replay
