// Work for agents: prompts, messages in between, answers to what they asked, and runs cut off.
#include <flatbuffers/flatbuffers.h>

#include "engine/core/views.h"
#include "engine/pipeline/engine_thread.h"
#include "engine/pipeline/prompts.h"
#include "schemas/fields.h"
#include "schemas/finished.h"

#include "event_generated.h"

namespace spine::pipeline {
namespace {

// Runs interrupted in one commit after a start: each may lead to several events.
constexpr std::size_t kInterruptsPerCommit = 512;

std::string_view why_interrupted(fb::InterruptReason reason) {
  return reason == fb::InterruptReason::gateway_crash
             ? "The gateway crashed while the agent worked on this message."
             : "The gateway stopped while the agent worked on this message.";
}

}  // namespace

// Whether the event is part of the batch that is being made.
bool EngineThread::at_hand(Seq seq) const {
  return !batch_.empty() && seq >= batch_.first() && seq <= batch_.last();
}

void EngineThread::emit_prompt(const EventView& event, const core::Effect& effect) {
  core::RunView run{};
  if (!core::view_run(state_, effect.run, run)) return;
  const auto& started = *flatbuffers::GetRoot<fb::RunStarted>(event.body.data());
  const bool one_message = started.collected() == nullptr && started.previous() == 0;
  if (!one_message || !at_hand(effect.message)) {
    reads_.push_back(ReadRequest{.kind = ReadRequest::Kind::prompt,
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
  write(loop_, item);
}

// The message came in the same batch as the run that was queued for it.
void EngineThread::emit_steer(const core::Effect& effect) {
  core::RunView run{};
  if (!at_hand(effect.message) || !core::view_run(state_, effect.run, run)) return;
  const EventView message = batch_.event(effect.message);
  write(loop_,
        SteerItem{.run = effect.run,
                  .into = effect.into,
                  .agent_id = run.agent_id,
                  .text = text_of(
                      flatbuffers::GetRoot<fb::MessageReceived>(message.body.data())->text())});
}

void EngineThread::emit_answer(const EventView& event, const core::Effect& effect) {
  const auto& body = *flatbuffers::GetRoot<fb::ApprovalResolved>(event.body.data());
  write(loop_, AnswerItem{.run = effect.run, .ask = effect.ask, .decision = body.decision()});
}

void EngineThread::emit_control(const EventView& event) {
  const auto* body = event.body.data();
  ControlItem item{};
  if (is_kind(event.header.kind, fb::EventBody::AgentReset)) {
    item.what = ControlKind::reset;
    item.agent_id = text_of(flatbuffers::GetRoot<fb::AgentReset>(body)->agent_id());
  } else {
    item.what = ControlKind::restart;
    item.agent_id = text_of(flatbuffers::GetRoot<fb::AgentRestartRequested>(body)->agent_id());
  }
  write(loop_, item);
}

Result<std::uint32_t> EngineThread::interrupt_runs(fb::InterruptReason reason) {
  std::vector<core::Effect> open;
  core::open_obligations(state_, open);
  for (std::size_t first = 0; first < open.size(); first += kInterruptsPerCommit) {
    const std::size_t last = std::min(open.size(), first + kInterruptsPerCommit);
    std::vector<flatbuffers::FlatBufferBuilder> bodies(last - first);
    std::vector<OwnInput> inputs;
    for (std::size_t i = first; i < last; ++i) {
      flatbuffers::FlatBufferBuilder& builder = bodies[i - first];
      const auto message = builder.CreateString(why_interrupted(reason));
      builder.Finish(fb::CreateRunInterrupted(builder, open[i].run.value, reason, message));
      inputs.push_back(
          {static_cast<std::uint16_t>(fb::EventBody::RunInterrupted), finished(builder)});
    }
    SPINE_TRY_STATUS(commit_now(inputs));
  }
  return static_cast<std::uint32_t>(open.size());
}

}  // namespace spine::pipeline
