// PiProtocol: runs as Pi 0.87.1 and 0.73.1 tell them, in lines cut down from what they wrote.
#include <gtest/gtest.h>

#include "tests/unit/protocols/pi_fixture.h"

namespace spine::agents {
namespace {

class Pi : public PiFixture {};

TEST_F(Pi, CommandLineOfATrustedProcess) {
  EXPECT_EQ(protocol->command_line("", nullptr),
            (Lines{"pi", "--mode", "rpc", "--session-dir", "/data/sessions", "--no-skills",
                   "--skill", "/s/tea", "--provider", "ours", "--model", "scripted"}));
}

TEST_F(Pi, CommandLineOfAnUntrustedProcess) {
  AgentProfile untrusted = profile;
  untrusted.trust = fb::Trust::untrusted;
  untrusted.model = "a/b/c";
  untrusted.skills.clear();
  untrusted.args = {"--offline"};
  const auto with = make_pi_protocol(untrusted, sink, sink);
  EXPECT_EQ(with->command_line("/opt/pi", nullptr),
            (Lines{"/opt/pi", "--mode", "rpc", "--session-dir", "/data/sessions", "--no-skills",
                   "--provider", "a", "--model", "b/c", "--offline", "--tools", "read,grep"}));
  untrusted.untrusted_tools.clear();
  EXPECT_EQ(with->command_line("", nullptr).back(), "--no-tools");
}

TEST_F(Pi, DoesNotGetTheToolsThatItIsNotToUse) {
  AgentProfile narrow = profile;
  const auto tools_of = [&] {
    const Lines line = make_pi_protocol(narrow, sink, sink)->command_line("", nullptr);
    return Lines(std::next(line.begin(), 12), line.end());
  };
  narrow.denied = {"bash", "exec"};
  EXPECT_EQ(tools_of(), (Lines{"--exclude-tools", "bash,exec"}));
  narrow.args = {"-xt", "ask_question"};
  EXPECT_EQ(tools_of(),
            (Lines{"-xt", "ask_question", "--exclude-tools", "bash,exec,ask_question"}));
  narrow.args.clear();
  narrow.denied = {"grep*"};
  EXPECT_EQ(tools_of(), (Lines{"--exclude-tools", "grep"}));
  narrow.denied = {"grep", "!read", "!grep", "!l*", "*"};
  EXPECT_EQ(tools_of(), (Lines{"--tools", "read,ls", "--exclude-tools", "grep"}));
  narrow.denied = {"Grep"};
  EXPECT_EQ(tools_of(), (Lines{"--exclude-tools", "grep,Grep"}));
  narrow.denied = {"*"};
  EXPECT_EQ(tools_of(), (Lines{"--no-tools"}));
  narrow.denied = {"*", "write"};
  EXPECT_EQ(tools_of(), (Lines{"--no-tools", "--exclude-tools", "write"}));
  narrow.trust = fb::Trust::untrusted;
  narrow.untrusted_tools = {"read", "bash"};
  narrow.denied = {"bash"};
  EXPECT_EQ(tools_of(), (Lines{"--tools", "read", "--exclude-tools", "bash"}));
}

TEST_F(Pi, ImagesGoWithThePrompt) {
  greet();
  protocol->prompt({.run = RunId{5},
                    .text = "what is it",
                    .images = std::make_shared<const std::vector<PromptImage>>(
                        std::vector<PromptImage>{{.mime_type = "image/png", .base64 = "QUJD"},
                                                 {.mime_type = "image/gif", .base64 = "R0lG"}})});
  EXPECT_EQ(sink.take().back(), R"(> {"id":"2","type":"prompt","message":"what is it","images":[)"
                                R"({"type":"image","data":"QUJD","mimeType":"image/png"},)"
                                R"({"type":"image","data":"R0lG","mimeType":"image/gif"}]})");
}

TEST_F(Pi, WhatUntrustedPeopleWriteIsNoCommand) {
  AgentProfile untrusted = profile;
  untrusted.trust = fb::Trust::untrusted;
  protocol = make_pi_protocol(untrusted, sink, sink);
  greet();
  prompt(5, "/deploy now");
  EXPECT_EQ(sink.take(),
            (Lines{"bound 5 a.jsonl",
                   R"(> {"id":"2","type":"prompt","message":"Message: /deploy now"})"}));
  respond(2, "prompt");
  protocol->line(R"({"type":"agent_start"})");
  EXPECT_EQ(sink.take(), Lines{}) << "nobody waits for a command without an answer";
  protocol->steer(RunId{6}, RunId{5}, "/stop");
  EXPECT_EQ(sink.take(), Lines{R"(> {"id":"3","type":"steer","message":"Message: /stop"})"});
}

TEST_F(Pi, AnswersInTextWithItsUsage) {
  start();
  events(
      {R"({"type":"turn_start"})", R"({"type":"message_start","message":{"role":"assistant"}})",
       R"({"type":"message_update","assistantMessageEvent":{"type":"text_start"}})",
       R"({"type":"message_update","assistantMessageEvent":{"type":"thinking_delta","delta":"hm"}})"});
  events({pi_delta("The "), pi_delta("time"), pi_message("The time"), R"({"type":"turn_end"})",
          R"({"type":"agent_end","messages":[],"willRetry":false})",
          R"({"type":"agent_settled"})"});
  EXPECT_EQ(sink.take_reports(), (Lines{"delta 5 [The ]", "delta 5 [time]",
                                        "finished 5 stop [The time] ours/scripted 11+7"}));
}

TEST_F(Pi, TellsOfItsToolsAndAnswersWithTheLastText) {
  start();
  events(
      {pi_delta("let me see"), pi_message("let me see", "toolUse"),
       R"({"type":"tool_execution_start","toolCallId":"c1","toolName":"bash","args":{"command": "date"}})",
       R"({"type":"tool_execution_update","toolCallId":"c1","partialResult":{"content":[]}})",
       R"({"type":"tool_execution_end","toolCallId":"c1","toolName":"bash","result":{"content":[{"type":"text","text":"noon"}]},"isError":true})",
       R"({"type":"message_start","message":{"role":"toolResult"}})",
       R"({"type":"message_end","message":{"role":"toolResult","content":[{"type":"text","text":"noon"}]}})",
       pi_delta("it is noon"), pi_message("it is noon"), R"({"type":"agent_settled"})"});
  EXPECT_EQ(sink.take_reports(),
            (Lines{"delta 5 [let me see]", R"(called 5 c1 bash [] {"command":"date"})",
                   "returned 5 c1 bash error noon", "delta 5 [\n\n]", "delta 5 [it is noon]",
                   "finished 5 stop [it is noon] ours/scripted 11+7"}));
}

TEST_F(Pi, AnErrorOfTheModelIsNotHiddenByASuccessfulPrompt) {
  const struct {
    std::string_view error;
    std::string_view told;
  } cases[] = {
      {R"(,"errorMessage":"500: the model broke")",
       "failed 5 unknown The model failed: 500: the model broke"},
      {R"(,"errorMessage":"429 Too Many Requests")",
       "failed 5 rate_limit The model failed: 429 Too Many Requests"},
      {R"(,"errorMessage":"maximum context length is 8")",
       "failed 5 context_length The model failed: maximum context length is 8"},
      {"", "failed 5 unknown The model failed, and Pi does not say why."},
  };
  for (const auto& [error, told] : cases) {
    sink = RecordingSink{};
    protocol = make_pi_protocol(profile, sink, sink);
    start();
    events({pi_message("", "error", error), R"({"type":"agent_end","willRetry":true})",
            R"({"type":"auto_retry_start","attempt":1})",
            R"({"type":"auto_retry_end","success":false})", R"({"type":"agent_settled"})"});
    EXPECT_EQ(sink.take_reports(), Lines{std::string(told)});
  }
}

TEST_F(Pi, OtherWaysForARunToEnd) {
  const struct {
    std::vector<std::string> lines;
    std::string_view told;
  } cases[] = {
      {{pi_message("half", "aborted")},
       "failed 5 unknown Pi broke the answer off by itself. Send the message again."},
      {{}, "failed 5 unknown Pi ended the run without an answer of the model."},
      {{pi_message("long", "length")}, "finished 5 length [long] ours/scripted 11+7"},
      {{pi_message("first", "error"), pi_message("second")},
       "finished 5 stop [second] ours/scripted 11+7"},
  };
  for (const auto& [lines, told] : cases) {
    sink = RecordingSink{};
    protocol = make_pi_protocol(profile, sink, sink);
    start();
    for (const std::string& line : lines)
      protocol->line(line);
    protocol->line(R"({"type":"agent_settled"})");
    EXPECT_EQ(sink.take_reports(), Lines{std::string(told)});
  }
}

TEST_F(Pi, APromptItDoesNotTakeFails) {
  greet();
  prompt(5, "hi");
  respond(2, "prompt", R"("error":"No API key: rate limit")", false);
  EXPECT_EQ(sink.take().back(),
            "failed 5 rate_limit Pi did not take the prompt: No API key: rate limit");
}

TEST_F(Pi, OlderOnesEndWithAgentEndOnceTheyAreIdle) {
  start();
  events({pi_message("done"), R"({"type":"agent_end","messages":[]})"});
  EXPECT_EQ(sink.take(), Lines{R"(> {"id":"3","type":"get_state"})"});
  protocol->line(
      R"({"id":"3","type":"response","command":"get_state","success":true,"data":{"isStreaming":true}})");
  EXPECT_EQ(sink.take(), Lines{});
  events({R"({"type":"agent_start"})", pi_message("more"), R"({"type":"agent_end"})"});
  respond(4, "get_state", pi_state("a.jsonl"));
  EXPECT_EQ(sink.take_reports(), Lines{"finished 5 stop [more] ours/scripted 11+7"});
}

TEST_F(Pi, OlderOnesThatTryAgainAreNotDone) {
  start();
  events({pi_message("", "error", R"(,"errorMessage":"overloaded")"), R"({"type":"agent_end"})",
          R"({"type":"auto_retry_start","attempt":1})"});
  respond(3, "get_state", pi_state("a.jsonl"));
  EXPECT_EQ(sink.take_reports(), Lines{});
  events({R"({"type":"agent_start"})", R"({"type":"auto_retry_end","success":true})",
          pi_message("after all"), R"({"type":"agent_end"})"});
  respond(4, "get_state", pi_state("a.jsonl"));
  EXPECT_EQ(sink.take_reports(), Lines{"finished 5 stop [after all] ours/scripted 11+7"});
}

TEST_F(Pi, AConversationIsGoneOnWithSwitchedToOrBegun) {
  start();
  events({pi_message("one"), R"({"type":"agent_settled"})"});
  sink.take();
  prompt(6, "same", "a.jsonl");
  EXPECT_EQ(sink.take(), Lines{R"(> {"id":"3","type":"prompt","message":"same"})"});
  respond(3, "prompt");
  events({pi_message("two"), R"({"type":"agent_settled"})"});
  sink.take();
  prompt(7, "new");
  EXPECT_EQ(sink.take(), Lines{R"(> {"id":"4","type":"new_session"})"});
  respond(4, "new_session", R"("data":{"cancelled":false})");
  respond(5, "get_state", pi_state("b.jsonl", R"(,"messageCount":0)"));
  EXPECT_EQ(sink.take(), (Lines{R"(> {"id":"5","type":"get_state"})", "bound 7 b.jsonl",
                                R"(> {"id":"6","type":"prompt","message":"new"})"}));
  respond(6, "prompt");
  events({pi_message("three"), R"({"type":"agent_settled"})"});
  sink.take();
  prompt(8, "back", "a.jsonl");
  EXPECT_EQ(
      sink.take(),
      Lines{R"(> {"id":"7","type":"switch_session","sessionPath":"/data/sessions/a.jsonl"})"});
  respond(7, "switch_session", R"("data":{"cancelled":false})");
  respond(8, "get_state", pi_state("a.jsonl", R"(,"messageCount":4)"));
  EXPECT_EQ(sink.take(), (Lines{R"(> {"id":"8","type":"get_state"})",
                                R"(> {"id":"9","type":"prompt","message":"back"})"}));
  EXPECT_EQ(sink.logs, Lines{});
}

TEST_F(Pi, AConversationThatIsLostBeginsAnewAndSaysSo) {
  greet();
  prompt(5, "hi", "gone.jsonl");
  respond(2, "switch_session", R"("error":"no such session")", false);
  respond(3, "new_session");
  respond(4, "get_state", pi_state("b.jsonl"));
  EXPECT_EQ(sink.take_reports(), Lines{"bound 5 b.jsonl"});
  EXPECT_EQ(sink.logs.size(), 1U);
  respond(5, "prompt");
  events({pi_message("x"), R"({"type":"agent_settled"})"});
  // Pi 0.87.1 makes an empty conversation of a file that is not there.
  prompt(6, "hi", "also-gone.jsonl");
  respond(6, "switch_session");
  respond(7, "get_state", pi_state("also-gone.jsonl", R"(,"messageCount":0)"));
  EXPECT_EQ(sink.logs.size(), 2U);
}

TEST_F(Pi, ANameThatIsAPathIsNotFollowed) {
  for (const std::string_view name : {"../../etc/passwd", "/etc/passwd", "..", ".hidden"}) {
    sink = RecordingSink{};
    protocol = make_pi_protocol(profile, sink, sink);
    greet();
    prompt(5, "hi", name);
    EXPECT_EQ(sink.take(), Lines{R"(> {"id":"2","type":"new_session"})"});
    EXPECT_EQ(sink.logs.size(), 1U);
  }
}

TEST_F(Pi, TwoConversationsNeverShareAFile) {
  greet();
  prompt(5, "hi", "", "x/unknown");
  respond(2, "set_model", R"("error":"Model not found: x/unknown")", false);
  EXPECT_EQ(sink.take_reports(),
            (Lines{"bound 5 a.jsonl",
                   "failed 5 unknown Pi cannot use the model that is wished for: Model not found: "
                   "x/unknown. Choose another one, or add it to Pi's models.json."}));
  prompt(6, "somebody else");
  EXPECT_EQ(sink.take(), Lines{R"(> {"id":"3","type":"new_session"})"});
}

TEST_F(Pi, ModelAndThinkingLevelAreSetAndSetBack) {
  greet();
  prompt(5, "hi", "", "x/y", "high");
  respond(2, "set_model", R"("data":{"id":"y","provider":"x"})");
  respond(3, "set_thinking_level");
  respond(4, "prompt");
  EXPECT_EQ(sink.take(), (Lines{"bound 5 a.jsonl",
                                R"(> {"id":"2","type":"set_model","provider":"x","modelId":"y"})",
                                R"(> {"id":"3","type":"set_thinking_level","level":"high"})",
                                R"(> {"id":"4","type":"prompt","message":"hi"})"}));
  events({pi_message("x"), R"({"type":"agent_settled"})"});
  sink.take();
  prompt(6, "again", "a.jsonl");
  respond(5, "set_model", R"("data":{"id":"scripted","provider":"ours"})");
  EXPECT_EQ(sink.take(),
            (Lines{R"(> {"id":"5","type":"set_model","provider":"ours","modelId":"scripted"})",
                   R"(> {"id":"6","type":"set_thinking_level","level":"off"})"}));
  respond(6, "set_thinking_level", R"("error":"no")", false);
  EXPECT_EQ(sink.take(), Lines{R"(> {"id":"7","type":"prompt","message":"again"})"});
}

TEST_F(Pi, ACommandOfAnExtensionEndsWithoutAnAnswer) {
  greet();
  prompt(5, "/hello");
  respond(2, "prompt");
  respond(3, "get_state", pi_state("a.jsonl"));
  EXPECT_EQ(sink.take_reports().back(), "finished 5 stop [] / 0+0");
}

}  // namespace
}  // namespace spine::agents
