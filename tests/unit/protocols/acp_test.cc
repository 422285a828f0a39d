// AcpProtocol: greeting, conversations, answers, and agents that do not keep to the protocol.
#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/protocols/acp_fixture.h"

namespace spine::agents {
namespace {

class Acp : public AcpFixture {};

TEST_F(Acp, CommandLineIsAsConfigured) {
  profile.args = {"acp", "--quiet"};
  EXPECT_EQ(protocol->command_line("opencode", nullptr), (Lines{"opencode", "acp", "--quiet"}));
}

TEST_F(Acp, Greets) {
  protocol->begin();
  result(1, R"({"protocolVersion":1,"agentInfo":{"name":"example","version":"2.0"}})");
  EXPECT_EQ(
      sink.take(),
      (Lines{
          R"(> {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":1,)"
          R"("clientCapabilities":{"fs":{"readTextFile":true,"writeTextFile":true},"terminal":false},)"
          R"("clientInfo":{"name":"spine","title":"Spine","version":"1"}}})",
          "ready [example 2.0]"}));
}

TEST_F(Acp, UntrustedProcessesGetNoFiles) {
  profile.trust = fb::Trust::untrusted;
  protocol = make_acp_protocol(profile, sink, sink);
  protocol->begin();
  EXPECT_NE(sink.take().at(0).find(R"("fs":{"readTextFile":false,"writeTextFile":false})"),
            std::string::npos);
  result(1, R"({"protocolVersion":1})");
  line(R"({"jsonrpc":"2.0","id":0,"method":"fs/read_text_file","params":{"path":"/desk/a"}})");
  EXPECT_NE(sink.take().at(1).find("-32601"), std::string::npos);
}

TEST_F(Acp, AnotherVersionOrARefusalIsAFault) {
  protocol->begin();
  result(1, R"({"protocolVersion":2})");
  EXPECT_NE(sink.take().back().find("use a release of the agent that speaks version 1"),
            std::string::npos);
  EXPECT_TRUE(sink.faulted);
  sink = RecordingSink{};
  protocol = make_acp_protocol(profile, sink, sink);
  protocol->begin();
  error(1, -32603, "no home");
  EXPECT_EQ(sink.take().back(), "fault It refuses to begin: no home");
}

TEST_F(Acp, ImagesGoToAnAgentThatTakesThem) {
  const auto image = std::make_shared<const std::vector<PromptImage>>(
      std::vector<PromptImage>{{.mime_type = "image/png", .base64 = "QUJD"}});
  greet(R"({"promptCapabilities":{"image":true}})");
  protocol->prompt({.run = RunId{5}, .text = "what is it", .images = image});
  result(2, R"({"sessionId":"s1"})");
  EXPECT_TRUE(sink.take().back().ends_with(
      R"(what is it"},{"type":"image","mimeType":"image/png","data":"QUJD"}]}})"));
}

TEST_F(Acp, ImagesDoNotGoToAnAgentThatDoesNotTakeThem) {
  const auto image = std::make_shared<const std::vector<PromptImage>>(
      std::vector<PromptImage>{{.mime_type = "image/png", .base64 = "QUJD"}});
  greet(R"({"promptCapabilities":{"image":false}})");
  protocol->prompt({.run = RunId{5}, .text = "what is it", .images = image});
  result(2, R"({"sessionId":"s1"})");
  const std::string sent = sink.take().back();
  EXPECT_NE(sent.find("what is it"), std::string::npos);
  EXPECT_EQ(sent.find("image"), std::string::npos);
}

TEST_F(Acp, TheFirstPromptOfAConversationBringsTheSkills) {
  greet();
  prompt(5, "hi");
  EXPECT_EQ(
      sink.take(),
      Lines{
          R"(> {"jsonrpc":"2.0","id":2,"method":"session/new","params":{"cwd":"/desk","mcpServers":[]}})"});
  result(2, R"({"sessionId":"s1"})");
  const Lines told = sink.take();
  EXPECT_EQ(told.at(0), "bound 5 s1");
  EXPECT_TRUE(told.at(1).starts_with(
      R"(> {"jsonrpc":"2.0","id":3,"method":"session/prompt","params":{"sessionId":"s1","prompt":[{"type":"text","text":"These skills)"));
  EXPECT_NE(told.at(1).find(R"(<name>tea</name>\n    <description>Makes &lt;tea&gt; &amp; more)"
                            R"(</description>\n    <location>/s/tea/SKILL.md</location>)"),
            std::string::npos);
  EXPECT_TRUE(told.at(1).ends_with(R"(</available_skills>\n\nhi"}]}})"));
  chunk("s1", "hel");
  chunk("s1", "lo");
  result(3, R"({"stopReason":"end_turn","usage":{"inputTokens":4,"outputTokens":2}})");
  EXPECT_EQ(sink.take(), (Lines{"delta 5 [hel]", "delta 5 [lo]", "finished 5 stop [hello] / 4+2"}));
  prompt(6, "again", "s1");
  EXPECT_TRUE(sink.take().at(0).ends_with(R"("prompt":[{"type":"text","text":"again"}]}})"));
  result(4, R"({"stopReason":"end_turn"})");
  profile.skills_version = 2;
  prompt(7, "more", "s1");
  EXPECT_NE(sink.take().back().find("<available_skills>"), std::string::npos);
  result(5, R"({"stopReason":"end_turn"})");
  prompt(8, "and more", "s1");
  EXPECT_EQ(sink.take().back().find("<available_skills>"), std::string::npos);
}

TEST_F(Acp, AConversationOfAnEarlierProcessIsLoadedWithoutItsHistory) {
  greet();
  prompt(5, "hi", "old");
  EXPECT_EQ(
      sink.take(),
      Lines{
          R"(> {"jsonrpc":"2.0","id":2,"method":"session/load","params":{"sessionId":"old","cwd":"/desk","mcpServers":[]}})"});
  chunk("old", "what was said before");
  EXPECT_EQ(sink.take(), Lines{});
  result(2, "null");
  EXPECT_TRUE(sink.take().at(0).ends_with(R"("text":"hi"}]}})"));
  chunk("old", "new");
  result(3, R"({"stopReason":"max_tokens"})");
  EXPECT_EQ(sink.take(), (Lines{"delta 5 [new]", "finished 5 max_tokens [new] / 0+0"}));
}

TEST_F(Acp, AConversationThatCannotBeLoadedBeginsAnewAndSaysSo) {
  greet();
  prompt(5, "hi", "old");
  error(2, -32603, "no such session");
  EXPECT_EQ(sink.logs.size(), 1U);
  result(3, R"({"sessionId":"s2"})");
  EXPECT_EQ(sink.take_reports(), Lines{"bound 5 s2"});
  protocol = make_acp_protocol(profile, sink, sink);
  greet("{}");
  prompt(6, "hi", "old");
  EXPECT_NE(sink.take().back().find("session/new"), std::string::npos);
  EXPECT_EQ(sink.logs.size(), 2U);
}

TEST_F(Acp, WaysForARunToEnd) {
  const struct {
    std::string_view response;
    std::string_view told;
  } cases[] = {
      {R"("result":{"stopReason":"end_turn"})", "finished 5 stop [word] / 0+0"},
      {R"("result":{"stopReason":"max_turn_requests"})",
       "finished 5 max_turn_requests [word] / 0+0"},
      {R"("result":{"stopReason":"refusal"})",
       "failed 5 refusal The agent refused to answer this: word"},
      {R"("result":{"stopReason":"cancelled"})",
       "failed 5 unknown The agent broke the answer off by itself. Send the message again."},
      {R"("result":{})",
       "failed 5 unknown The agent ended the run without saying whether it is done."},
      {R"("result":null)",
       "failed 5 unknown The agent ended the run without saying whether it is done."},
      {R"("error":{"code":-32603,"message":"Internal error","data":{"details":"429 slow down"}})",
       "failed 5 rate_limit The agent failed: Internal error: 429 slow down"},
      {R"("error":{"code":-32603,"message":"boom","data":"deep down"})",
       "failed 5 unknown The agent failed: boom: deep down"},
      {R"("error":7)", "failed 5 unknown The agent failed: it does not say why"},
  };
  for (const auto& [response, told] : cases) {
    sink = RecordingSink{};
    protocol = make_acp_protocol(profile, sink, sink);
    start();
    chunk("s1", "word");
    sink.take();
    line(fmt::format(R"({{"jsonrpc":"2.0","id":3,{}}})", response));
    EXPECT_EQ(sink.take(), Lines{std::string(told)});
    line(fmt::format(R"({{"jsonrpc":"2.0","id":3,{}}})", response));
    chunk("s1", "after the end");
    EXPECT_EQ(sink.take(), Lines{});
    EXPECT_EQ(sink.logs.size(), 2U);
  }
}

TEST_F(Acp, AnAgentThatWantsALoginSaysSo) {
  greet();
  prompt(5, "hi");
  error(2, -32000, "Authentication required");
  const std::string told = sink.take().back();
  EXPECT_TRUE(
      told.starts_with("failed 5 unknown The agent wants somebody to log in first "
                       "(Authentication required). Log in with its own command"))
      << told;
}

TEST_F(Acp, AConversationWithoutANameFails) {
  greet();
  prompt(5, "hi");
  result(2, R"({"sessionId":7})");
  EXPECT_EQ(sink.take().back(),
            "failed 5 unknown The agent began a conversation without giving it "
            "a usable name.");
}

TEST_F(Acp, ToolsAreToldOnceEach) {
  start();
  update("s1", R"("sessionUpdate":"tool_call","toolCallId":"c1","title":"Reading","kind":"read",)"
               R"("status":"pending","rawInput":{"path": "/x"})");
  update("s1", R"("sessionUpdate":"tool_call","toolCallId":"c1","title":"Reading","kind":"read")");
  update("s1", R"("sessionUpdate":"tool_call_update","toolCallId":"c1","status":"in_progress")");
  update("s1", R"("sessionUpdate":"tool_call_update","toolCallId":"c1","status":"completed",)"
               R"("content":[{"type":"content","content":{"type":"text","text":"body"}}])");
  update("s1", R"("sessionUpdate":"tool_call_update","toolCallId":"c2","status":"failed",)"
               R"("rawOutput":{"ok": false})");
  update("s1", R"("sessionUpdate":"tool_call","title":"nameless")");
  update("s1", R"("sessionUpdate":"plan","entries":[])");
  update("s1", R"("sessionUpdate":"agent_thought_chunk","content":{"type":"text","text":"hm"})");
  update("s1", R"("sessionUpdate":"of_the_future")");
  EXPECT_EQ(sink.take(),
            (Lines{R"(called 5 c1 read [Reading] {"path":"/x"})", "returned 5 c1 read ok body",
                   "called 5 c2 other [] {}", R"(returned 5 c2 other error {"ok":false})"}));
}

TEST_F(Acp, ConversationsAreKeptApart) {
  start();
  prompt(6, "other");
  result(4, R"({"sessionId":"s2"})");
  sink.take();
  chunk("s2", "two");
  chunk("s1", "one");
  chunk("s3", "nobody's");
  result(5, R"({"stopReason":"end_turn"})");
  chunk("s1", " more");
  result(3, R"({"stopReason":"end_turn"})");
  EXPECT_EQ(sink.take(), (Lines{"delta 6 [two]", "delta 5 [one]", "finished 6 stop [two] / 0+0",
                                "delta 5 [ more]", "finished 5 stop [one more] / 0+0"}));
}

TEST_F(Acp, CancelSettlesWithTheResponse) {
  start();
  protocol->cancel(RunId{5});
  protocol->cancel(RunId{5});
  EXPECT_EQ(sink.take(),
            Lines{R"(> {"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s1"}})"});
  chunk("s1", "late");
  result(3, R"({"stopReason":"cancelled"})");
  EXPECT_EQ(sink.take(), Lines{"settled 5"});
  // An answer that was done before it was cancelled is no answer either.
  prompt(6, "hi", "s1");
  protocol->cancel(RunId{6});
  result(4, R"({"stopReason":"end_turn"})");
  EXPECT_EQ(sink.take_reports(), Lines{"settled 6"});
}

TEST_F(Acp, CancelBeforeThePromptSendsNone) {
  greet();
  prompt(5, "hi");
  protocol->cancel(RunId{5});
  result(2, R"({"sessionId":"s1"})");
  prompt(6, "hi", "old");
  protocol->cancel(RunId{6});
  error(3, -32603, "no");
  EXPECT_EQ(sink.take_reports(), (Lines{"settled 5", "settled 6"}));
}

TEST_F(Acp, TextWithoutAnEndIsStoppedAndDoesNotReachTheNextRun) {
  start();
  sink.count_deltas = true;
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 9; ++i)
    chunk("s1", piece);
  const Lines told = sink.take();
  EXPECT_EQ(told.size(), 2U);
  EXPECT_NE(told.at(0).find("session/cancel"), std::string::npos);
  EXPECT_TRUE(told.at(1).starts_with("failed 5 unknown The agent wrote more than 8 MiB"));
  EXPECT_EQ(sink.delta_bytes, limits::kTextBytesMax);
  sink.count_deltas = false;
  prompt(6, "hi", "s1");
  chunk("s1", "still the old one");
  result(3, R"({"stopReason":"cancelled"})");
  chunk("s1", "new");
  result(4, R"({"stopReason":"end_turn"})");
  EXPECT_EQ(sink.take_reports(), (Lines{"delta 6 [new]", "finished 6 stop [new] / 0+0"}));
  EXPECT_EQ(sink.logs, Lines{});
}

TEST_F(Acp, OddLinesAreBorneUpToABound) {
  start();
  const std::string_view odd[] = {
      "garbage",
      "[]",
      R"({"jsonrpc":"1.0","id":33,"result":{}})",
      R"({"jsonrpc":"2.0"})",
      R"({"jsonrpc":"2.0","id":3,"method":"session/prompt","params":{}})",
      R"({"jsonrpc":"2.0","id":99,"result":{}})",
      R"({"jsonrpc":"2.0","id":33})",
      R"({"jsonrpc":"2.0","method":"session/update","params":{"sessionId":4}})",
      R"({"jsonrpc":"2.0","method":"session/update"})",
      R"({"jsonrpc":"2.0","id":{},"method":"session/request_permission"})"};
  for (const std::string_view text : odd)
    line(text);
  EXPECT_EQ(sink.logs.size(), std::size(odd));
  EXPECT_EQ(sink.take(), Lines{});
  line(R"({"jsonrpc":"2.0","method":"$/cancel_request","params":{"id":3}})");
  for (std::uint32_t i = 0; i < limits::kAgentOddLinesMax; ++i)
    line("garbage");
  EXPECT_TRUE(sink.faulted);
  line(R"({"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn"}})");
  protocol->cancel(RunId{5});
}

TEST_F(Acp, AFloodOfUnknownNotificationsIsAFault) {
  start();
  for (std::uint32_t i = 0; i <= limits::kAgentSkippedLinesMax; ++i)
    line(R"({"jsonrpc":"2.0","method":"noise"})");
  EXPECT_TRUE(sink.faulted);
}

}  // namespace
}  // namespace spine::agents
