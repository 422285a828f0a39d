// From an input to events in the batch and in the state.
#include "engine/pipeline/writer/decisions.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "engine/core/model/evolve.h"
#include "engine/core/model/views.h"
#include "schemas/fields.h"

namespace spine::pipeline {
namespace {

// Why a delivery failed, or is given up. How many there are of each kind of event is counted
// already.
void count_delivery(const core::Draft& draft, Metrics& metrics) {
  const auto place = [](auto value, const auto& counters) {
    return std::min(static_cast<std::size_t>(value), counters.size() - 1);
  };
  switch (static_cast<fb::EventBody>(draft.header.kind)) {
    case fb::EventBody::DeliveryFailed: {
      auto& failed = metrics.deliveries_failed;
      return failed[place(root_of<fb::DeliveryFailed>(draft.body).kind(), failed)].add();
    }
    case fb::EventBody::DeliveryDeadLettered: {
      auto& dead = metrics.deliveries_dead;
      return dead[place(root_of<fb::DeliveryDeadLettered>(draft.body).reason(), dead)].add();
    }
    default:
      return;
  }
}

}  // namespace

void Decisions::take(const InputHeader& header, ByteSpan whole) {
  const NamedInput named = take_apart(header, whole);
  core::Input input{.kind = header.kind,
                    .source = static_cast<Source>(header.source),
                    .principal = PrincipalId{header.principal},
                    .now = now_,
                    .body = named.body};
  if (named.names.session_key.empty()) {
    if (!named.names.run_key.empty()) input.run = core::find_run(state_, named.names.run_key);
    return apply(input, header);
  }
  core::KeyBuffer key;
  if (find_named(named.names, input, key)) return apply(input, header, key.view());
  core::Reply refused{};
  refused.code =
      key.view().empty() ? core::ReplyCode::malformed_key : core::ReplyCode::nothing_to_do;
  refuse(header, refused, key.view());
}

// Resolves the names of an input in the current state. A session that does not exist is left to the
// input's rule to refuse. False with an empty key: the typed key is malformed; with a key: the run
// has ended, or is not of that session.
bool Decisions::find_named(const InputNames& names, core::Input& input,
                           core::KeyBuffer& key) const {
  if (!core::find_typed_key(state_, names.session_key, key)) {
    key.clear();
    return false;
  }
  input.session = core::find_session(state_, key.view());
  if (names.run_key.empty()) return true;
  core::RunView run{};
  const bool open =
      core::view_run(state_, core::find_run(state_, names.run_key), run) && !run.ended;
  input.run = run.id;
  return open && input.session && run.session == input.session;
}

void Decisions::take_own(const OwnInput& own) {
  // decide() needs an 8-aligned body, and what a builder finished need not be.
  own_body_.resize(align8(own.body.size()) / 8);
  std::memcpy(own_body_.data(), own.body.data(), own.body.size());
  const core::Input input{
      .kind = kind_number(own.kind),
      .source = own.kind == fb::EventBody::ConfigApplied ? Source::config : Source::engine,
      .now = now_,
      .body = std::as_bytes(std::span(own_body_)).first(own.body.size())};
  apply(input, InputHeader{.kind = input.kind, .source = static_cast<std::uint16_t>(input.source)});
}

void Decisions::apply(const core::Input& input, const InputHeader& header, std::string_view key) {
  decision_.clear();
  publisher_.begin();
  core::decide(state_, input, decision_);
  const Seq first = next(state_.applied());
  for (const core::Draft& draft : decision_.drafts()) {
    const EventView event = batch_.event(batch_.append(draft.header, draft.body));
    publisher_.note(event);
    core::evolve(state_, event);
    metrics_.journal_appends[event.header.kind & 0xFFU].add();
  }
  publisher_.tell(decision_, first);
  count(header.kind, decision_.reply);
  publisher_.reply(header, decision_.reply, key, &decision_);
}

void Decisions::count(std::uint16_t kind, const core::Reply& reply) {
  using core::ReplyCode;
  const bool accepted = reply.code == ReplyCode::accepted;
  if (is_kind(kind, fb::EventBody::MessageReceived)) {
    if (accepted) metrics_.inbound_accepted.add();
    if (reply.code == ReplyCode::duplicate) metrics_.inbound_duplicates.add();
    if (reply.code == ReplyCode::rate_limited) metrics_.rate_limited.add();
    if (reply.code == ReplyCode::rejected) {
      metrics_.inbound_rejected[static_cast<std::size_t>(reply.reason) & 15U].add();
    }
    const bool refused = reply.code == ReplyCode::rejected || reply.code == ReplyCode::duplicate;
    if (decision_.count() == 0 && refused) metrics_.rejections_unjournalled.add();
  }
  if (accepted && is_kind(kind, fb::EventBody::RunFinished)) metrics_.runs_finished.add();
  if (accepted && is_kind(kind, fb::EventBody::RunFailed)) metrics_.runs_failed.add();
  if (accepted && is_kind(kind, fb::EventBody::RunAborted)) metrics_.runs_aborted.add();
  for (const core::Draft& draft : decision_.drafts()) {
    const bool derived = (draft.header.flags & record_flag::kInput) == 0;
    if (is_kind(draft.header.kind, fb::EventBody::RunStarted)) metrics_.runs_started.add();
    if (derived && is_kind(draft.header.kind, fb::EventBody::RunFailed)) metrics_.runs_failed.add();
    count_delivery(draft, metrics_);
  }
}

}  // namespace spine::pipeline
