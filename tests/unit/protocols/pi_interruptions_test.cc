// PiProtocol: what comes in between: steering, cancelling, questions, and output that makes no
// sense.
#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/protocols/pi_fixture.h"

namespace spine::agents {
namespace {

class PiInterruptions : public PiFixture {};

TEST_F(PiInterruptions, SteersWhatItWorksOn) {
  start();
  protocol->steer(RunId{6}, RunId{5}, "left");
  protocol->steer(RunId{7}, RunId{99}, "of another run");
  EXPECT_EQ(sink.take(), Lines{R"(> {"id":"3","type":"steer","message":"left"})"});
  respond(3, "steer");
  EXPECT_EQ(sink.take(), Lines{"steered 6 into 5"});
  protocol->steer(RunId{8}, RunId{5}, "refused");
  respond(4, "steer", R"("error":"no")", false);
  EXPECT_EQ(sink.take_reports(), Lines{});
}

TEST_F(PiInterruptions, ASteerThatComesTooLateIsTakenBack) {
  start();
  protocol->steer(RunId{6}, RunId{5}, "left");
  events({pi_message("done"), R"({"type":"agent_settled"})"});
  respond(3, "steer");
  EXPECT_EQ(sink.take(), (Lines{R"(> {"id":"3","type":"steer","message":"left"})",
                                R"(> {"id":"4","type":"clear_queue"})",
                                "finished 5 stop [done] ours/scripted 11+7"}));
}

TEST_F(PiInterruptions, CancelSettlesWhenItHasStopped) {
  start();
  protocol->cancel(RunId{5});
  protocol->cancel(RunId{5});
  EXPECT_EQ(sink.take(),
            (Lines{R"(> {"id":"3","type":"clear_queue"})", R"(> {"id":"4","type":"abort"})"}));
  respond(3, "clear_queue");
  events({pi_delta("late"), pi_message("slow:", "aborted"),
          R"({"type":"agent_end","willRetry":false})", R"({"type":"agent_settled"})"});
  respond(4, "abort");
  EXPECT_EQ(sink.take_reports(), Lines{"settled 5"});
  prompt(6, "next", "a.jsonl");
  // What is left of the run before is not taken for the answer.
  events({pi_delta("stale"), pi_message("stale"), R"({"type":"agent_settled"})"});
  EXPECT_EQ(sink.take_reports(), Lines{});
}

TEST_F(PiInterruptions, CancelOfAnOlderOneSettlesWithTheResponse) {
  start();
  protocol->cancel(RunId{5});
  protocol->line(
      R"({"type":"response","command":"clear_queue","success":false,"error":"Unknown"})");
  events({pi_message("", "aborted"), R"({"type":"agent_end"})"});
  respond(4, "abort");
  EXPECT_EQ(sink.take_reports(), Lines{"settled 5"});
  respond(5, "get_state", pi_state("a.jsonl"));
  EXPECT_EQ(sink.take_reports(), Lines{});
  EXPECT_EQ(sink.logs, Lines{});
}

TEST_F(PiInterruptions, AnAbortThatIsAnsweredFirstWaitsForTheEnd) {
  start();
  protocol->cancel(RunId{5});
  respond(4, "abort");
  protocol->line(
      R"({"id":"5","type":"response","command":"get_state","success":true,"data":{"isStreaming":true}})");
  EXPECT_EQ(sink.take_reports(), Lines{});
  protocol->line(R"({"type":"agent_settled"})");
  EXPECT_EQ(sink.take_reports(), Lines{"settled 5"});
}

TEST_F(PiInterruptions, CancelBeforeThePromptIsTakenAbortsOnceItIs) {
  greet();
  prompt(5, "hi");
  protocol->cancel(RunId{5});
  EXPECT_EQ(sink.take().size(), 2U);
  respond(2, "prompt");
  EXPECT_EQ(sink.take(),
            (Lines{R"(> {"id":"3","type":"clear_queue"})", R"(> {"id":"4","type":"abort"})"}));
  protocol->line(R"({"type":"agent_settled"})");
  EXPECT_EQ(sink.take_reports(), Lines{"settled 5"});
  prompt(6, "hi", "other.jsonl");
  protocol->cancel(RunId{6});
  respond(5, "switch_session", R"("error":"no")", false);
  EXPECT_EQ(sink.take_reports(), Lines{"settled 6"});
}

TEST_F(PiInterruptions, ExtensionsAskAndAreAnswered) {
  const struct {
    std::string_view request;
    std::string_view asked;
    fb::ApprovalDecision decision;
    std::string_view answer;
  } cases[] = {
      {R"("method":"confirm","title":"Delete?","message":"rm x")",
       "asked 5 1 plugin pi:Delete? [Delete?] [rm x] allow_once=allow(Allow) deny=deny(Refuse)",
       fb::ApprovalDecision::allow_once, R"("confirmed":true)"},
      {R"("method":"confirm","title":"Delete?","message":"rm x")",
       "asked 5 1 plugin pi:Delete? [Delete?] [rm x] allow_once=allow(Allow) deny=deny(Refuse)",
       fb::ApprovalDecision::expired, R"("confirmed":false)"},
      {R"("method":"select","title":"Run?","options":["No","Yes","Yes, always"])",
       "asked 5 1 plugin pi:Run? [Run?] [Run?] allow_once=allow(Yes) allow_always=always(Yes, "
       "always) "
       "deny=deny(Refuse)",
       fb::ApprovalDecision::allow_always, R"("value":"Yes, always")"},
      {R"("method":"select","title":"Run?","options":["No","Yes","Yes, always"])",
       "asked 5 1 plugin pi:Run? [Run?] [Run?] allow_once=allow(Yes) allow_always=always(Yes, "
       "always) "
       "deny=deny(Refuse)",
       fb::ApprovalDecision::deny, R"("cancelled":true)"},
      {R"("method":"select","title":"Run?","options":["No","Yes, always"])",
       "asked 5 1 plugin pi:Run? [Run?] [Run?] allow_always=always(Yes, always) "
       "deny=deny(Refuse)",
       fb::ApprovalDecision::allow_once, R"("cancelled":true)"},
      {R"("method":"select","title":"Run?","options":["No","Yes"])",
       "asked 5 1 plugin pi:Run? [Run?] [Run?] allow_once=allow(Yes) deny=deny(Refuse)",
       fb::ApprovalDecision::allow_always, R"("value":"Yes")"},
      {R"("method":"input","title":"Name?")",
       "asked 5 1 plugin pi:Name? [Name?] [Name?] allow_once=allow(Answer with an empty text) "
       "deny=deny(Refuse)",
       fb::ApprovalDecision::withdrawn, R"("cancelled":true)"},
      {R"("method":"editor","title":"Text?","prefill":"draft")",
       "asked 5 1 plugin pi:Text? [Text?] [draft] allow_once=allow(Take the text as it stands) "
       "deny=deny(Refuse)",
       fb::ApprovalDecision::allow_once, R"("value":"draft")"},
  };
  for (const auto& [request, asked, decision, answer] : cases) {
    sink = RecordingSink{};
    protocol = make_pi_protocol(profile, sink, sink);
    start();
    protocol->line(fmt::format(R"({{"type":"extension_ui_request","id":"u1",{}}})", request));
    EXPECT_EQ(sink.take(), Lines{std::string(asked)});
    protocol->answer(1, decision);
    protocol->answer(1, decision);
    protocol->answer(77, decision);
    EXPECT_EQ(sink.take(),
              Lines{fmt::format(R"(> {{"type":"extension_ui_response","id":"u1",{}}})", answer)});
  }
}

TEST_F(PiInterruptions, WhatNobodyCanAnswerIsRefusedAtOnce) {
  start();
  protocol->line(
      R"({"type":"extension_ui_request","id":"u1","method":"select","title":"Colour?","options":["red"]})");
  EXPECT_EQ(sink.take(), Lines{R"(> {"type":"extension_ui_response","id":"u1","cancelled":true})"});
  protocol->line(R"({"type":"extension_ui_request","id":"u2","method":"notify","message":"x"})");
  EXPECT_EQ(sink.take(), Lines{});
}

TEST_F(PiInterruptions, OpenQuestionsEndWithTheRun) {
  start();
  protocol->line(
      R"({"type":"extension_ui_request","id":"u1","method":"confirm","title":"T","message":"M"})");
  protocol->cancel(RunId{5});
  const Lines told = sink.take();
  EXPECT_EQ(told.at(1), R"(> {"type":"extension_ui_response","id":"u1","cancelled":true})");
  protocol->line(
      R"({"type":"extension_ui_request","id":"u2","method":"confirm","title":"T","message":"M"})");
  EXPECT_EQ(sink.take(), Lines{R"(> {"type":"extension_ui_response","id":"u2","cancelled":true})"});
}

TEST_F(PiInterruptions, OddLinesAreBorneUpToABound) {
  start();
  const std::string_view odd[] = {"garbage",
                                  "[]",
                                  "7",
                                  R"({"type":7})",
                                  R"({"type":"mess)",
                                  R"({"type":"response","id":"99","success":true,"command":"x"})",
                                  R"({"type":"response","command":"parse","success":false})"};
  for (const std::string_view line : odd)
    protocol->line(line);
  EXPECT_EQ(sink.logs.size(), std::size(odd));
  protocol->line("");
  protocol->line(R"({"type":"of_the_future"})");
  EXPECT_EQ(sink.take_reports(), Lines{});
  events({pi_message("fine"), R"({"type":"agent_settled"})"});
  EXPECT_EQ(sink.take_reports(), Lines{"finished 5 stop [fine] ours/scripted 11+7"});
  for (std::uint32_t i = 0; i <= limits::kAgentOddLinesMax; ++i)
    protocol->line("garbage");
  EXPECT_TRUE(sink.faulted);
  protocol->line(R"({"type":"agent_settled"})");
  protocol->line("garbage");
}

TEST_F(PiInterruptions, AFloodOfUnknownLinesIsAFault) {
  start();
  for (std::uint32_t i = 0; i <= limits::kAgentSkippedLinesMax; ++i)
    protocol->line(R"({"type":"noise"})");
  EXPECT_TRUE(sink.faulted);
}

TEST_F(PiInterruptions, TextWithoutAnEndIsStopped) {
  start();
  sink.count_deltas = true;
  const std::string piece = pi_delta(std::string(1 << 20, 'x'));
  for (int i = 0; i < 9; ++i)
    protocol->line(piece);
  const Lines told = sink.take();
  EXPECT_EQ(told.size(), 2U);
  EXPECT_TRUE(told.at(0).starts_with("failed 5 unknown The agent wrote more than 8 MiB"));
  EXPECT_TRUE(told.at(1).starts_with("fault "));
}

TEST_F(PiInterruptions, APairOfSurrogatesInTwoPiecesIsOneCharacter) {
  start();
  protocol->line(pi_delta(R"(a\ud83d)"));
  protocol->line(pi_delta(R"(\ude00\\ud83d b\ud83d\ude00)"));
  EXPECT_EQ(sink.take(),
            (Lines{"delta 5 [a]", "delta 5 [\xF0\x9F\x98\x80\\ud83d b\xF0\x9F\x98\x80]"}));
}

TEST_F(PiInterruptions, LinesWithSomethingAroundThemAreRead) {
  greet();
  prompt(5, "hi");
  protocol->line(
      "\x1b[?25l{\"id\":2,\"type\":\"response\",\"command\":\"prompt\",\"success\":true}\r");
  const std::string settled = R"({"type":"agent_settled"})";
  protocol->line(R"({"type":"agent_start"})" + pi_delta("fi\xffne") + pi_message("fine") + settled);
  EXPECT_EQ(sink.take_reports(), (Lines{"bound 5 a.jsonl", "delta 5 [fi\xEF\xBF\xBDne]",
                                        "finished 5 stop [fine] ours/scripted 11+7"}));
  EXPECT_EQ(sink.logs.size(), 2U);  // each answer tells of one
}

TEST_F(PiInterruptions, AnAnswerThatCannotBeReadEndsTheRun) {
  greet();
  prompt(5, "hi");
  protocol->line(R"({"id":"2","type":"response","command":"prompt","success":tru)");
  Lines told = sink.take_reports();
  ASSERT_EQ(told.size(), 3U);
  EXPECT_TRUE(told[1].starts_with("failed 5 unknown Pi's answer cannot be read (")) << told[1];
  EXPECT_TRUE(told[2].starts_with("fault ")) << told[2];
  // Behind the end of a run Pi is idle, and goes on.
  sink = RecordingSink{};
  protocol = make_pi_protocol(profile, sink, sink);
  start();
  protocol->line(pi_delta("text"));
  protocol->line(R"({"type":"agent_settled",)");
  told = sink.take_reports();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_TRUE(told[1].starts_with("failed 5 unknown Pi's answer cannot be read (")) << told[1];
  prompt(6, "again");
  EXPECT_FALSE(sink.faulted);
}

TEST_F(PiInterruptions, WhatIsNotUnderstoodIsNoEmptyAnswer) {
  const std::string_view messages[] = {
      R"({"type":"message_end","message":{"role":"assistant","content":[{"type":"prose","text":"x"}],"stopReason":"stop"}})",
      R"({"type":"message_end","message":{"role":"assistant","content":[{"type":"text","text":7}],"stopReason":"stop"}})",
      R"({"type":"message_end","message":{"role":"assistant","text":"x","stopReason":"stop"}})",
      R"({"type":"message_end","message":{"role":"assistant","content":[],"stopReason":"toolUse"}})",
      R"({"type":"message_end","message":{"role":"assistant","content":[],"stopReason":"length"}})"};
  for (const std::string_view message : messages) {
    sink = RecordingSink{};
    protocol = make_pi_protocol(profile, sink, sink);
    start();
    events({message, R"({"type":"agent_settled"})"});
    const Lines told = sink.take_reports();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_TRUE(told[0].starts_with("failed 5 unknown Pi ")) << told[0];
  }
  // A model that says nothing says nothing.
  sink = RecordingSink{};
  protocol = make_pi_protocol(profile, sink, sink);
  start();
  events(
      {R"({"type":"message_end","message":{"role":"assistant","content":[],"stopReason":"stop"}})",
       R"({"type":"agent_settled"})"});
  EXPECT_EQ(sink.take_reports(), Lines{"finished 5 stop [] / 0+0"});
}

TEST_F(PiInterruptions, IdsAreTakenAsTheyAreWritten) {
  start();
  protocol->line(
      R"({"type":"extension_ui_request","id":41,"method":"confirm","title":"T","message":"M"})");
  protocol->answer(1, fb::ApprovalDecision::allow_once);
  EXPECT_EQ(sink.take().back(), R"(> {"type":"extension_ui_response","id":41,"confirmed":true})");
}

TEST_F(PiInterruptions, ItThatDoesNotGreetIsAFault) {
  protocol->begin();
  respond(1, "get_state", R"("error":"broken")", false);
  EXPECT_TRUE(sink.faulted);
}

}  // namespace
}  // namespace spine::agents
