// What a decision leads to: events into the batch, replies and effects into the outboxes.
#include <flatbuffers/flatbuffers.h>

#include "engine/core/commands.h"
#include "engine/core/evolve.h"
#include "engine/core/kinds.h"
#include "engine/core/views.h"
#include "engine/pipeline/engine_thread.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::pipeline {
void EngineThread::apply(const core::Input& input, const InputHeader& header,
                         std::string_view key) {
  decision_.clear();
  gone_.clear();
  core::decide(state_, input, decision_);
  const Seq first = next(state_.applied());
  for (const core::Draft& draft : decision_.drafts()) {
    const EventView event = batch_.event(batch_.append(draft.header, draft.body));
    gone_.note(state_, event);
    core::evolve(state_, event);
    shared_.metrics.journal_appends[event.header.kind & 0xFFU].add();
  }
  // Told after the decision: whoever looks sees all that it led to.
  Seq seq = first;
  for (const core::Draft& draft : decision_.drafts()) {
    const core::Kind& kind = core::kind_of(draft.header.kind);
    // Without anybody to be told the copy would be for nothing.
    const bool wanted = shared_.wanted(kind.told);
    if (kind.effects != nullptr) emit_effects(batch_.event(seq));
    if (wanted) tell(batch_.event(seq), kind);
    seq = next(seq);
  }
  count(header, decision_.reply);
  reply(header, decision_.reply, key);
}

void EngineThread::emit_effects(const EventView& event) {
  effects_.clear();
  core::effects(state_, gone_, event, effects_);
  for (const core::Effect& effect : effects_) {
    switch (effect.kind) {
      case core::EffectKind::prompt_agent:
        emit_prompt(event, effect);
        break;
      case core::EffectKind::cancel_agent:
        write(loop_, CancelItem{effect.run});
        break;
      case core::EffectKind::steer_agent:
        emit_steer(effect);
        break;
      case core::EffectKind::answer_agent:
        emit_answer(event, effect);
        break;
      case core::EffectKind::control_agent:
        emit_control(event);
        break;
    }
  }
}

// To whoever watches; an event about several runs as a part for each.
void EngineThread::tell(const EventView& event, const core::Kind& kind) {
  EventItem item{};
  item.event = event;
  const SessionId session{event.header.session};
  item.has_session = core::view_session(state_, session, item.session);
  if (is_kind(event, fb::EventBody::SessionClosed) ||
      is_kind(event, fb::EventBody::MessageReceived)) {
    if (const core::SessionView* gone = gone_.session(session); gone != nullptr) {
      item.has_session = true;
      item.session = *gone;
    }
  }
  item.has_approval = view_approval_of(event, item.approval);
  if (is_kind(event, fb::EventBody::CommandAnswered)) {
    item.message_key = core::message_key_of(batch_.event(Seq{event.header.cause}));
  }
  if (kind.runs == nullptr) {
    item.has_run = item.has_approval && core::view_run(state_, item.approval.run, item.run);
    return write(net_, item);
  }
  runs_.clear();
  kind.runs(event, runs_);
  for (const RunId run : runs_) {
    item.has_run = core::view_run(state_, run, item.run);
    write(net_, item);
    ++item.part;
  }
}

// What is asked, or was until this very event.
bool EngineThread::view_approval_of(const EventView& event, core::ApprovalView& out) const {
  if (is_kind(event, fb::EventBody::ApprovalOpened)) {
    return core::view_approval(state_, Seq{root_of<fb::ApprovalOpened>(event).request()}, out);
  }
  if (!is_kind(event, fb::EventBody::ApprovalResolved)) return false;
  const core::ApprovalView* was =
      gone_.approval(Seq{root_of<fb::ApprovalResolved>(event).request()});
  if (was != nullptr) out = *was;
  return was != nullptr;
}

void EngineThread::reply(const InputHeader& header, const core::Reply& reply,
                         std::string_view key) {
  if (!header.connection) return;
  ReplyItem item{};
  item.reply = reply;
  item.session_key = key;
  const core::SessionName session = core::name_session(state_, reply.session);
  if (!session.key.empty()) {
    item.session_key = session.key;
    item.session_uuid = session.uuid;
  }
  core::RunView run{};
  if (reply.run && core::view_run(state_, reply.run, run)) item.run_key = run.key;
  core::RunView ahead{};
  if (run.status == core::RunStatus::queued && core::view_run(state_, session.active_run, ahead)) {
    item.behind_run_key = ahead.key;
    item.behind_started_wall_ms = ahead.started_wall_ms;
  }
  // Without a decision the drafts are those of another input.
  if (reply.seq) add_command_answer(item);
  core::PairingView pairing{};
  if (reply.pairing &&
      core::view_pairing(state_, reply.pairing, state_.now().logical_ms, pairing)) {
    item.pairing_code = pairing.code;
    item.pairing_expires_wall_ms = pairing.expires_wall_ms;
  }
  write(net_, header.connection, header.request, item);
}

// What the decision in hand says to a command.
void EngineThread::add_command_answer(ReplyItem& item) const {
  for (const core::Draft& draft : decision_.drafts()) {
    if (!is_kind(draft.header.kind, fb::EventBody::CommandAnswered)) continue;
    const auto& body = *flatbuffers::GetRoot<fb::CommandAnswered>(draft.body.data());
    item.command = text_of(body.command());
    item.command_answer = text_of(body.text());
  }
}

void EngineThread::count(const InputHeader& header, const core::Reply& reply) {
  Metrics& metrics = shared_.metrics;
  switch (static_cast<fb::EventBody>(header.kind)) {
    case fb::EventBody::MessageReceived:
      if (reply.code == core::ReplyCode::accepted) metrics.inbound_accepted.add();
      if (reply.code == core::ReplyCode::duplicate) metrics.inbound_duplicates.add();
      if (reply.code == core::ReplyCode::rate_limited) metrics.rate_limited.add();
      if (reply.code == core::ReplyCode::rejected) {
        metrics.inbound_rejected[static_cast<std::size_t>(reply.reason) & 15U].add();
      }
      if (decision_.count() == 0 &&
          (reply.code == core::ReplyCode::rejected || reply.code == core::ReplyCode::duplicate)) {
        metrics.rejections_uncounted.add();
      }
      break;
    case fb::EventBody::RunFinished:
      if (reply.code == core::ReplyCode::accepted) metrics.runs_finished.add();
      break;
    case fb::EventBody::RunFailed:
      if (reply.code == core::ReplyCode::accepted) metrics.runs_failed.add();
      break;
    case fb::EventBody::RunAborted:
      if (reply.code == core::ReplyCode::accepted) metrics.runs_aborted.add();
      break;
    default:
      break;
  }
  for (const core::Draft& draft : decision_.drafts()) {
    if (is_kind(draft.header.kind, fb::EventBody::RunStarted)) {
      metrics.runs_started.add();
    }
    const bool derived = (draft.header.flags & record_flag::kInput) == 0;
    if (derived && is_kind(draft.header.kind, fb::EventBody::RunFailed)) {
      metrics.runs_failed.add();
    }
  }
}

}  // namespace spine::pipeline
