// decide: which rule an input goes to; inputs that decide nothing; the way back from an event.
#include "engine/core/decide.h"

#include <cstring>

#include "engine/core/drafter.h"
#include "engine/core/fingerprint.h"
#include "engine/core/message_copy.h"
#include "engine/core/tables.h"
#include "schemas/finished.h"

namespace spine::core {

namespace {

// What a decision keeps from input to input; a rejection of a large message is given back.
constexpr std::size_t kKeptBytesMax = 256 * limits::kKiB;

}  // namespace

void Decision::clear() {
  drafts_.clear();
  for (std::size_t i = 0; i < kept_count_; ++i) {
    if (kept_[i].size() * sizeof(std::uint64_t) <= kKeptBytesMax) continue;
    kept_[i] = {};
    builder_.Reset();
  }
  kept_count_ = 0;
  reply = Reply{};
}

flatbuffers::FlatBufferBuilder& Decision::builder() {
  builder_.Clear();
  return builder_;
}

ByteSpan Decision::keep(const flatbuffers::FlatBufferBuilder& finished) {
  const std::size_t bytes = finished.GetSize();
  if (kept_count_ == kept_.size()) kept_.emplace_back();
  std::vector<std::uint64_t>& words = kept_[kept_count_++];
  words.resize((bytes + 7) / 8);
  std::memcpy(words.data(), finished.GetBufferPointer(), bytes);
  return {reinterpret_cast<const std::byte*>(words.data()), bytes};
}

bool input_kind(std::uint16_t kind) {
  switch (static_cast<fb::EventBody>(kind)) {
    case fb::EventBody::JournalCreated:
    case fb::EventBody::EngineStarted:
    case fb::EventBody::EngineStopped:
    case fb::EventBody::ClockJumped:
    case fb::EventBody::TimeZoneChanged:
    case fb::EventBody::ZoneRules:
    case fb::EventBody::DeadlineReached:
    case fb::EventBody::StateDigested:
    case fb::EventBody::ClientConnected:
    case fb::EventBody::ClientDisconnected:
    case fb::EventBody::ConnectsRefused:
    case fb::EventBody::MessageReceived:
    case fb::EventBody::SessionOpened:
    case fb::EventBody::SessionReset:
    case fb::EventBody::SessionClosed:
    case fb::EventBody::SessionPatched:
    case fb::EventBody::RunFinished:
    case fb::EventBody::RunFailed:
    case fb::EventBody::RunAborted:
    case fb::EventBody::RunInterrupted:
    case fb::EventBody::RunSteered:
    case fb::EventBody::ToolCalled:
    case fb::EventBody::ToolReturned:
    case fb::EventBody::BodyRecorded:
    case fb::EventBody::ApprovalRequested:
    case fb::EventBody::ApprovalResolved:
    case fb::EventBody::AgentSessionBound:
    case fb::EventBody::AgentStarted:
    case fb::EventBody::AgentExited:
    case fb::EventBody::AgentQuarantined:
    case fb::EventBody::AgentReset:
    case fb::EventBody::AgentRestartRequested:
    case fb::EventBody::SkillsChanged:
    case fb::EventBody::PartialAnswerRecorded:
    case fb::EventBody::ConfigApplied:
    case fb::EventBody::ConfigChanged:
    case fb::EventBody::ConfigRefused:
    case fb::EventBody::DevicePaired:
    case fb::EventBody::DeviceRenamed:
    case fb::EventBody::DeviceTokenChanged:
    case fb::EventBody::DeviceRemoved:
    case fb::EventBody::ChannelPairingResolved:
      return true;
    default:
      return false;
  }
}

namespace {

// Inputs about runs, and about the agents that work on them. False for others.
bool decide_work(const Tables& tables, const Input& input, Decision& decision) {
  switch (static_cast<fb::EventBody>(input.kind)) {
    case fb::EventBody::RunFinished:
    case fb::EventBody::RunFailed:
      decide_run_end(tables, input, decision);
      return true;
    case fb::EventBody::RunAborted:
      decide_abort(tables, input, decision);
      return true;
    case fb::EventBody::RunInterrupted:
      decide_run_interrupted(tables, input, decision);
      return true;
    case fb::EventBody::RunSteered:
      decide_run_steered(tables, input, decision);
      return true;
    case fb::EventBody::ToolCalled:
    case fb::EventBody::ToolReturned:
    case fb::EventBody::BodyRecorded:
    case fb::EventBody::AgentSessionBound:
      decide_run_fact(tables, input, decision);
      return true;
    case fb::EventBody::PartialAnswerRecorded:
      decide_partial_answer(tables, input, decision);
      return true;
    case fb::EventBody::ApprovalRequested:
      decide_approval_requested(tables, input, decision);
      return true;
    case fb::EventBody::ApprovalResolved:
      decide_approval_resolved(tables, input, decision);
      return true;
    case fb::EventBody::AgentStarted:
    case fb::EventBody::AgentExited:
    case fb::EventBody::AgentQuarantined:
    case fb::EventBody::SkillsChanged:
      decide_agent_fact(tables, input, decision);
      return true;
    case fb::EventBody::AgentReset:
    case fb::EventBody::AgentRestartRequested:
      decide_agent_request(tables, input, decision);
      return true;
    default:
      return false;
  }
}

}  // namespace

void decide(const State& state, const Input& input, Decision& decision) {
  SPINE_CHECK(input_kind(input.kind));
  const Tables& tables = state.tables();
  switch (static_cast<fb::EventBody>(input.kind)) {
    case fb::EventBody::MessageReceived:
      return decide_message(tables, input, decision);
    case fb::EventBody::ClientConnected:
      return decide_client(tables, input, decision);
    case fb::EventBody::SessionReset:
      return decide_session_reset(tables, input, decision);
    case fb::EventBody::SessionClosed:
      return decide_session_close(tables, input, decision);
    case fb::EventBody::DeadlineReached:
      return decide_deadline(tables, input, decision);
    case fb::EventBody::SessionOpened:
      return decide_session_open(tables, input, decision);
    case fb::EventBody::SessionPatched:
      return decide_session_patch(tables, input, decision);
    case fb::EventBody::DevicePaired:
      return decide_device_pairing(tables, input, decision);
    case fb::EventBody::DeviceRenamed:
    case fb::EventBody::DeviceTokenChanged:
    case fb::EventBody::DeviceRemoved:
      return decide_device_change(tables, input, decision);
    case fb::EventBody::ChannelPairingResolved:
      return decide_pairing_resolved(tables, input, decision);
    case fb::EventBody::ZoneRules:
    case fb::EventBody::ConnectsRefused:
    case fb::EventBody::ConfigChanged:
    case fb::EventBody::ConfigRefused:
      return decide_fact(tables, input, decision);
    default:
      if (decide_work(tables, input, decision)) return;
      decision.reply.seq =
          Drafter(tables, input, decision)
              .add_input(Why{.principal = input.principal.value, .session = input.session.value});
  }
}

bool input_of(const EventView& event, Input& input, flatbuffers::FlatBufferBuilder& scratch) {
  if ((event.header.flags & record_flag::kInput) == 0) return false;
  input = Input{.kind = event.header.kind,
                .source = static_cast<Source>(event.header.source),
                .principal = PrincipalId{event.header.principal},
                .session = SessionId{event.header.session},
                .now = {.wall_ms = event.header.wall_ms, .logical_ms = event.header.logical_ms},
                .body = event.body};
  const fb::MessageReceived* message = nullptr;
  if (event.header.kind == static_cast<std::uint16_t>(fb::EventBody::MessageRejected)) {
    message = flatbuffers::GetRoot<fb::MessageRejected>(event.body.data())->message();
    if (message == nullptr) return false;
    scratch.Clear();
    scratch.ForceVectorAlignment(sizeof(std::uint64_t), 1, sizeof(std::uint64_t));
    scratch.Finish(copy_message(scratch, *message));
    input.kind = static_cast<std::uint16_t>(fb::EventBody::MessageReceived);
    input.body = finished(scratch);
  } else if (event.header.kind == static_cast<std::uint16_t>(fb::EventBody::MessageReceived)) {
    message = flatbuffers::GetRoot<fb::MessageReceived>(event.body.data());
  }
  // The session that an input opens is in the header of the event only.
  if (event.header.kind == static_cast<std::uint16_t>(fb::EventBody::SessionOpened)) {
    input.session = SessionId{};
  }
  if (message != nullptr) {
    // The header names who wrote the message and its session; the input came with its bridge.
    input.session = SessionId{};
    if (message->via() == fb::MessageVia::channel) input.principal = PrincipalId{message->bridge()};
  }
  return true;
}

}  // namespace spine::core
