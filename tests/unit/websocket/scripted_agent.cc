// What the scripted agent says and does.
#include "tests/unit/websocket/scripted_agent.h"

#include <string>
#include <vector>

#include "adapters/agents/protocols/protocol.h"
#include "engine/core/base/key_buffer.h"
#include "schemas/fields.h"

#include "event_generated.h"

namespace spine::test {
namespace {

// Of the id that the engine makes for what is asked by the event `request`, see approval_rules.cc.
constexpr std::uint64_t kPurposeApproval = 5;

// Entropy that makes the id begin with kApprovalIdStart, so that several begin alike.
fb::Bits128 entropy_for(std::uint64_t request) {
  constexpr std::uint64_t kStart = 0x1234;
  Bits128 entropy{};
  while (core::uuid_from(entropy, request << 8 | kPurposeApproval).hi >> 48 != kStart)
    ++entropy.lo;
  return {entropy.hi, entropy.lo};
}

}  // namespace

void ScriptedAgent::prompt(const pipeline::PromptItem& prompt) {
  const std::string_view text = prompt.text;
  if (text == "hang") return;
  if (text == "fail") {
    return answers_.failed(prompt.run, fb::RunErrorKind::timeout, "it took too long", 5);
  }
  if (text == "give up") {
    return answers_.interrupted(prompt.run, fb::InterruptReason::agent_crash, "It ended.", 5);
  }
  if (text == "crash") return crash_once(prompt);
  if (text == "tool") return use_tools(prompt.run);
  if (text == "ask") return ask(prompt, fb::ApprovalKind::exec);
  if (text == "ask plugin") return ask(prompt, fb::ApprovalKind::plugin);
  if (text == "late") {
    late_ = prompt.run;
    return go_on();
  }
  if (text == "go on") {
    awaited_ = true;
    go_on();
  }
  echo(prompt);
}

// A prompt of a run that was begun before is read from the journal, so either may come first.
void ScriptedAgent::go_on() {
  if (late_ && awaited_) answers_.delta(late_, "the rest");
}

void ScriptedAgent::echo(const pipeline::PromptItem& prompt) {
  answers_.delta(prompt.run, "echo: ");
  answers_.delta(prompt.run, prompt.text);
  const std::string reply = "echo: " + std::string{prompt.text};
  answers_.finished(prompt.run, {.text = reply, .provider = "spine", .model = "echo"});
}

void ScriptedAgent::crash_once(const pipeline::PromptItem& prompt) {
  if (prompt.attempt == 1) {
    answers_.delta(prompt.run, "half an ans");
    return answers_.interrupted(prompt.run, fb::InterruptReason::agent_crash, "ended by signal 9",
                                7);
  }
  answers_.delta(prompt.run, "whole");
  answers_.delta(prompt.run, " answer");
  answers_.finished(prompt.run, {.text = "whole answer"});
}

void ScriptedAgent::use_tools(RunId run) {
  answers_.tool_called(run,
                       {.call_id = "call-1",
                        .name = "bash",
                        .title = "List files",
                        .arguments = R"({"command":"ls"})"},
                       true);
  answers_.tool_returned(run, {.call_id = "call-1", .name = "bash", .result = "a.txt"}, 12, true);
  // Not JSON, and a result that is too large for its event.
  answers_.tool_called(run, {.call_id = "call-2", .name = "odd", .arguments = "not { json"}, true);
  const std::string large(900'000, 'x');
  answers_.tool_returned(
      run, {.call_id = "call-2", .name = "odd", .result = large, .is_error = true}, 12, true);
  answers_.finished(run, {.text = "done"});
}

// As Answers::asked() does, but for the entropy.
void ScriptedAgent::ask(const pipeline::PromptItem& prompt, fb::ApprovalKind kind) {
  const bool exec = kind == fb::ApprovalKind::exec;
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<fb::ApprovalOption>> options{
      fb::CreateApprovalOptionDirect(builder, "y", "Yes", fb::ApprovalDecision::allow_once),
      fb::CreateApprovalOptionDirect(builder, "n", "No", fb::ApprovalDecision::deny)};
  if (exec) {
    options.push_back(
        fb::CreateApprovalOptionDirect(builder, "a", "Always", fb::ApprovalDecision::allow_always));
  }
  // The prompt's event was the last one, so the question is the next.
  const fb::Bits128 entropy = entropy_for(prompt.effect.seq.value + 1);
  builder.Finish(
      fb::CreateApprovalRequestedDirect(builder, prompt.run.value, 1, kind, exec ? "bash" : "edit",
                                        exec ? "Run a command" : "Edit notes.txt",
                                        exec ? "rm -rf build" : "", "/work", &options, &entropy));
  producer_.push({.kind = static_cast<std::uint16_t>(fb::EventBody::ApprovalRequested),
                  .source = static_cast<std::uint16_t>(Source::agent)},
                 finished(builder));
}

void ScriptedAgent::steer(const pipeline::SteerItem& message) {
  answers_.steered(message.run, message.into);
  answers_.finished(message.into, {.text = "for both"});
}

}  // namespace spine::test
