// What becomes of each event of a decision, and of the decision as a whole.
#include "engine/pipeline/writer/publisher.h"

#include "engine/core/messages/commands.h"
#include "engine/core/model/views.h"
#include "engine/pipeline/items/prompts.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::pipeline {

void Publisher::tell(const core::Decision& decision, Seq first) {
  Seq seq = first;
  for (const core::Draft& draft : decision.drafts()) {
    const core::Kind& kind = core::kind_of(draft.header.kind);
    if (kind.effects != nullptr) emit_effects(batch_.event(seq));
    // Without a subscriber the event need not be copied.
    if (shared_.wanted(kind.told)) tell_watchers(batch_.event(seq), kind);
    seq = next(seq);
  }
}

void Publisher::emit_effects(const EventView& event) {
  effects_.clear();
  core::effects(state_, gone_, event, effects_);
  for (const core::Effect& effect : effects_) {
    switch (effect.kind) {
      case core::EffectKind::prompt_agent:
        emit_prompt(event, effect);
        break;
      case core::EffectKind::cancel_agent:
        write(out_.loop, CancelItem{effect.run});
        break;
      case core::EffectKind::steer_agent:
        emit_steer(effect);
        break;
      case core::EffectKind::answer_agent:
        write(out_.loop, AnswerItem{.run = effect.run,
                                    .ask = effect.ask,
                                    .decision = root_of<fb::ApprovalResolved>(event).decision()});
        break;
      case core::EffectKind::control_agent:
        emit_control(event);
        break;
      case core::EffectKind::deliver:
        // What is sent stands in several events, some of long ago.
        out_.reads.push_back({.kind = ReadRequest::Kind::deliver,
                              .as_of = effect.id.seq,
                              .effect = effect.id,
                              .delivery = effect.delivery});
        break;
      case core::EffectKind::acknowledge:
        emit_acknowledgement(event);
        break;
      case core::EffectKind::show_work:
        emit_work(effect);
        break;
      case core::EffectKind::switch_channel:
        emit_switch(event);
        break;
    }
  }
}

// Whether the event is part of the batch that is being made.
bool Publisher::at_hand(Seq seq) const {
  return !batch_.empty() && seq >= batch_.first() && seq <= batch_.last();
}

void Publisher::emit_prompt(const EventView& event, const core::Effect& effect) {
  core::RunView run{};
  if (!core::view_run(state_, effect.run, run)) return;
  const auto& started = root_of<fb::RunStarted>(event);
  const bool one_message = started.collected() == nullptr && started.previous() == 0;
  if (!one_message || !at_hand(effect.message)) {
    out_.reads.push_back({.kind = ReadRequest::Kind::prompt,
                          .as_of = effect.id.seq,
                          .run = effect.run,
                          .effect = effect.id});
    return;
  }
  PromptItem item = prompt_of(state_, run, effect.id);
  item.text = prompt_text(state_, batch_.event(effect.message), [this](Seq seq, EventView& found) {
    if (!at_hand(seq)) return false;
    found = batch_.event(seq);
    return true;
  });
  add_files(batch_.event(effect.message), item);
  write(out_.loop, item);
}

// The message came in the same batch as the run that was queued for it. One that came with files
// runs in its turn: agents are given files with a prompt.
void Publisher::emit_steer(const core::Effect& effect) {
  core::RunView run{};
  if (!at_hand(effect.message) || !core::view_run(state_, effect.run, run)) return;
  const auto& message = root_of<fb::MessageReceived>(batch_.event(effect.message));
  if (message.attachments() != nullptr && message.attachments()->size() != 0) return;
  write(out_.loop, SteerItem{.run = effect.run,
                             .into = effect.into,
                             .agent_id = run.agent_id,
                             .text = text_of(message.text())});
}

void Publisher::emit_control(const EventView& event) {
  const bool reset = is_kind(event, fb::EventBody::AgentReset);
  write(out_.loop, ControlItem{.what = reset ? ControlKind::reset : ControlKind::restart,
                               .agent_id = text_of(
                                   reset ? root_of<fb::AgentReset>(event).agent_id()
                                         : root_of<fb::AgentRestartRequested>(event).agent_id())});
}

void Publisher::emit_acknowledgement(const EventView& event) {
  const auto& read = root_of<fb::ChannelRead>(event);
  write(out_.loop, ReadUpToItem{.channel = text_of(read.channel()),
                                .account = text_of(read.account()),
                                .identity = text_of(read.identity()),
                                .position = text_of(read.position())});
}

// Before the prompt, and so before anything that the agent says.
void Publisher::emit_work(const core::Effect& effect) {
  core::RunView run{};
  if (!core::view_run(state_, effect.run, run)) return;
  if (run.status != core::RunStatus::running) {
    if (work_.ends(state_, run)) write(out_.loop, work_.item());
  } else if (!at_hand(effect.message)) {
    out_.reads.push_back({.kind = ReadRequest::Kind::work,
                          .as_of = effect.id.seq,
                          .run = effect.run,
                          .effect = effect.id});
  } else if (work_.begins(state_, run, batch_.event(effect.message))) {
    write(out_.loop, work_.item());
  }
}

void Publisher::emit_switch(const EventView& event) {
  const auto& switched = root_of<fb::ChannelSwitched>(event);
  write(out_.loop, SwitchItem{.channel = text_of(switched.channel()),
                              .account = text_of(switched.account()),
                              .to = switched.to()});
}

// Broadcasts the event to subscribers; one about several runs in a part for each.
void Publisher::tell_watchers(const EventView& event, const core::Kind& kind) {
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
    return write(out_.net, item);
  }
  runs_.clear();
  kind.runs(event, runs_);
  for (const RunId run : runs_) {
    item.has_run = core::view_run(state_, run, item.run);
    write(out_.net, item);
    ++item.part;
  }
}

// The question that the event opens, or the one it resolves as it was before.
bool Publisher::view_approval_of(const EventView& event, core::ApprovalView& out) const {
  if (is_kind(event, fb::EventBody::ApprovalOpened)) {
    return core::view_approval(state_, Seq{root_of<fb::ApprovalOpened>(event).request()}, out);
  }
  if (!is_kind(event, fb::EventBody::ApprovalResolved)) return false;
  const core::ApprovalView* was =
      gone_.approval(Seq{root_of<fb::ApprovalResolved>(event).request()});
  if (was != nullptr) out = *was;
  return was != nullptr;
}

void Publisher::reply(const InputHeader& header, const core::Reply& reply, std::string_view key,
                      const core::Decision* decision) {
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
  if (decision != nullptr) {
    for (const core::Draft& draft : decision->drafts()) {
      if (!is_kind(draft.header.kind, fb::EventBody::CommandAnswered)) continue;
      const auto& body = root_of<fb::CommandAnswered>(draft.body);
      item.command = text_of(body.command());
      item.command_answer = text_of(body.text());
    }
  }
  core::PairingView pairing{};
  if (reply.pairing &&
      core::view_pairing(state_, reply.pairing, state_.now().logical_ms, pairing)) {
    item.pairing_code = pairing.code;
    item.pairing_expires_wall_ms = pairing.expires_wall_ms;
  }
  out_.answer(header, item);
}

}  // namespace spine::pipeline
