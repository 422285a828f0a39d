// What a decision leads to: events into the batch, replies and effects into the outboxes.
#include <flatbuffers/flatbuffers.h>

#include "engine/core/commands.h"
#include "engine/core/evolve.h"
#include "engine/core/views.h"
#include "engine/pipeline/engine_thread.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::pipeline {
void EngineThread::apply(const core::Input& input, const InputHeader& header,
                         std::string_view key) {
  decision_.clear();
  core::decide(state_, input, decision_);
  for (const core::Draft& draft : decision_.drafts()) {
    const Seq seq = batch_.append(draft.header, draft.body);
    const EventView event = batch_.event(seq);
    // What is told of a session that goes is told while it is still there.
    if (event.header.kind == static_cast<std::uint16_t>(fb::EventBody::SessionClosed)) {
      tell(event, SessionId{event.header.session}, RunId{}, 0);
    }
    core::evolve(state_, event);
    shared_.metrics.journal_appends[event.header.kind & 0xFFU].add();
    emit_effects(event);
  }
  count(header, decision_.reply);
  reply(header, decision_.reply, key);
}

void EngineThread::emit_effects(const EventView& event) {
  effects_.count = 0;
  core::effects(state_, event, effects_);
  for (std::size_t i = 0; i < effects_.count; ++i) {
    const core::Effect& effect = effects_.items[i];
    switch (effect.kind) {
      case core::EffectKind::prompt_agent:
        emit_prompt(event, effect);
        break;
      case core::EffectKind::cancel_agent:
        write(loop_, CancelItem{effect.run});
        break;
      case core::EffectKind::notify:
        emit_notify(event, effect);
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

void EngineThread::emit_notify(const EventView& event, const core::Effect& effect) {
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::SessionClosed:
      return;
    case fb::EventBody::RunAborted:
      return tell_parts(event, effect.session,
                        flatbuffers::GetRoot<fb::RunAborted>(event.body.data())->runs());
    case fb::EventBody::RunsMerged:
      return tell_parts(event, effect.session,
                        flatbuffers::GetRoot<fb::RunsMerged>(event.body.data())->runs());
    default:
      return tell(event, effect.session, effect.run, 0);
  }
}

void EngineThread::tell_parts(const EventView& event, SessionId session,
                              const flatbuffers::Vector<std::uint64_t>* runs) {
  for (std::uint32_t part = 0; runs != nullptr && part < runs->size(); ++part)
    tell(event, session, RunId{runs->Get(part)}, part);
}

// What is asked, or was until this very event.
bool EngineThread::view_approval_of(const EventView& event, core::ApprovalView& out) const {
  const auto* body = event.body.data();
  switch (static_cast<fb::EventBody>(event.header.kind)) {
    case fb::EventBody::ApprovalOpened:
      return core::view_approval(
          state_, Seq{flatbuffers::GetRoot<fb::ApprovalOpened>(body)->request()}, out);
    case fb::EventBody::ApprovalResolved:
      return core::view_resolved_approval(
          state_, Seq{flatbuffers::GetRoot<fb::ApprovalResolved>(body)->request()}, out);
    default:
      return false;
  }
}

void EngineThread::tell(const EventView& event, SessionId session, RunId run, std::uint32_t part) {
  // Nobody listens: the copy would be for nothing. seq_cst: see Shared::event_interest.
  if (!shared_.wanted(event.header.kind)) return;
  EventItem item{};
  item.event = event;
  item.has_session = core::view_session(state_, session, item.session);
  item.has_run = core::view_run(state_, run, item.run);
  item.has_approval = view_approval_of(event, item.approval);
  if (event.header.kind == static_cast<std::uint16_t>(fb::EventBody::CommandAnswered)) {
    item.message_key = core::message_key_of(batch_.event(Seq{event.header.cause}));
  }
  item.part = part;
  write(net_, item);
}

void EngineThread::reply(const InputHeader& header, const core::Reply& reply,
                         std::string_view key) {
  if (!header.connection) return;
  ReplyItem item{};
  item.reply = reply;
  item.session_key = key;
  core::SessionView session{};
  if (reply.session && core::view_session(state_, reply.session, session)) {
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
    if (draft.header.kind != static_cast<std::uint16_t>(fb::EventBody::CommandAnswered)) continue;
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
    if (draft.header.kind == static_cast<std::uint16_t>(fb::EventBody::RunStarted)) {
      metrics.runs_started.add();
    }
    const bool derived = (draft.header.flags & record_flag::kInput) == 0;
    if (derived && draft.header.kind == static_cast<std::uint16_t>(fb::EventBody::RunFailed)) {
      metrics.runs_failed.add();
    }
  }
}

}  // namespace spine::pipeline
