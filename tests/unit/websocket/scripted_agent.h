// ScriptedAgent: the agent of the tests, which does what the text of its message says.
#pragma once

#include "adapters/agents/answers.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/queues/ingress.h"

namespace spine::test {

// The first half of a UUID's first word: how the ids of all questions begin.
inline constexpr const char* kApprovalIdStart = "1234";

// "hang": says nothing. "fail": fails. "give up": crashes each time. "crash": crashes in the middle
// of its first attempt, and answers in the second. "late": begins to answer once another run says
// "go on". "tool": uses tools. "ask": asks to run a command, "ask plugin" to do something else;
// neither goes on. A message that steers a run is taken into it and answered with it: "for both".
// Anything else is answered "echo: <text>" in two pieces. Thread: loop.
class ScriptedAgent {
 public:
  // The producer outlives it.
  explicit ScriptedAgent(pipeline::IngressProducer& producer)
      : producer_(producer), answers_(producer) {}

  void prompt(const pipeline::PromptItem& prompt);
  void steer(const pipeline::SteerItem& message);

 private:
  void go_on();
  void echo(const pipeline::PromptItem& prompt);
  void crash_once(const pipeline::PromptItem& prompt);
  void use_tools(RunId run);
  void ask(const pipeline::PromptItem& prompt, fb::ApprovalKind kind);

  pipeline::IngressProducer& producer_;
  agents::Answers answers_;
  RunId late_{};    // waits for "go on"
  bool awaited_{};  // "go on" was said
};

}  // namespace spine::test
