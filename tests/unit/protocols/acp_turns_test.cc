// AcpProtocol: where turns end, and lines that have to be repaired.
#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/protocols/acp_fixture.h"

namespace spine::agents {
namespace {

class AcpTurns : public AcpFixture {
 protected:
  AcpTurns() { at_once = true; }
  void end_turn(std::uint64_t id) { result(id, R"({"stopReason":"end_turn"})"); }
  void chunk_of(std::string_view message, std::string_view text) {
    update("s1", fmt::format(R"("sessionUpdate":"agent_message_chunk","messageId":"{}",)"
                             R"("content":{{"type":"text","text":"{}"}})",
                             message, text));
  }
  // A process that told of a turn in time, whose prompts are requests from 4 on.
  void start_punctual() {
    start();
    chunk("s1", "one");
    end_turn(3);
    pass();
    sink.take();
  }
};

TEST_F(AcpTurns, WhatIsToldAfterTheResponseIsOfItsTurn) {
  start();
  chunk("s1", "a ");
  update("s1", R"("sessionUpdate":"tool_call","toolCallId":"c","kind":"read")");
  end_turn(3);
  EXPECT_EQ(sink.take(), (Lines{"delta 5 [a ]", "called 5 c read [] {}"}));
  chunk("s1", "late");
  update("s1", R"("sessionUpdate":"tool_call_update","toolCallId":"c","status":"completed")");
  pass();
  EXPECT_EQ(sink.take(),
            (Lines{"delta 5 [late]", "returned 5 c read ok ", "finished 5 stop [a late] / 0+0"}));
}

TEST_F(AcpTurns, OneThatIsLateIsWaitedForEachTime) {
  start();
  chunk("s1", "one");
  end_turn(3);
  chunk("s1", " late");
  pass();
  prompt(6, "next", "s1");
  chunk("s1", "two");
  end_turn(4);
  ASSERT_EQ(sink.calls_back.size(), 1U);
  EXPECT_EQ(sink.calls_back[0].ms, limits::kLateUpdatesMs);
}

TEST_F(AcpTurns, OneThatIsPunctualIsNotWaitedFor) {
  start_punctual();
  for (const std::uint64_t turn : {4, 5, 6}) {
    prompt(turn + 2, "next", "s1");
    chunk("s1", "text");
    end_turn(turn);
    ASSERT_EQ(sink.calls_back.size(), 1U);
    EXPECT_EQ(sink.calls_back[0].ms, 0U);
    pass();
    EXPECT_EQ(sink.take_reports().back(), fmt::format("finished {} stop [text] / 0+0", turn + 2));
  }
}

TEST_F(AcpTurns, AnAnswerThatLooksUnfinishedIsWaitedFor) {
  start_punctual();
  prompt(6, "next", "s1");
  end_turn(4);
  ASSERT_EQ(sink.calls_back.size(), 1U);
  EXPECT_EQ(sink.calls_back[0].ms, limits::kLateUpdatesMs);
}

TEST_F(AcpTurns, ThePromptAfterATurnWaitsForWhatIsLate) {
  start();
  chunk("s1", "one");
  end_turn(3);
  // The end is told; what may still come has its time.
  protocol->called_back(sink.calls_back.at(0).token);
  sink.calls_back.erase(sink.calls_back.begin());
  EXPECT_EQ(sink.take().back(), "finished 5 stop [one] / 0+0");
  prompt(6, "next", "s1");
  EXPECT_EQ(sink.take(), Lines{});
  chunk("s1", "too late");
  chunk("s1", "again");
  EXPECT_EQ(sink.take(), Lines{});
  ASSERT_EQ(sink.logs.size(), 1U);
  EXPECT_NE(sink.logs[0].find("too late"), std::string::npos);
  pass();
  EXPECT_NE(sink.take().at(0).find("session/prompt"), std::string::npos);
  chunk("s1", "two");
  end_turn(4);
  pass();
  EXPECT_EQ(sink.take(), (Lines{"delta 6 [two]", "finished 6 stop [two] / 0+0"}));
}

TEST_F(AcpTurns, AMessageBelongsToTheTurnItBeganIn) {
  start_punctual();
  prompt(6, "next", "s1");
  chunk_of("m1", "two");
  end_turn(4);
  protocol->called_back(sink.calls_back.at(0).token);
  prompt(7, "third", "s1");
  chunk_of("m1", " late");
  chunk_of("m2", "three");
  end_turn(5);
  pass();
  const Lines told = sink.take_reports();
  EXPECT_EQ(told, (Lines{"delta 6 [two]", "finished 6 stop [two] / 0+0", "delta 7 [three]",
                         "finished 7 stop [three] / 0+0"}));
  EXPECT_EQ(sink.logs.size(), 1U);
}

TEST_F(AcpTurns, ACancelledTurnLeavesNothingToTheNext) {
  start_punctual();
  prompt(6, "next", "s1");
  protocol->cancel(RunId{6});
  result(4, R"({"stopReason":"cancelled"})");
  EXPECT_EQ(sink.take_reports(), Lines{"settled 6"});
  prompt(7, "third", "s1");
  chunk("s1", "of the cancelled one");
  pass();
  chunk("s1", "three");
  end_turn(5);
  pass();
  EXPECT_EQ(sink.take_reports(), (Lines{"delta 7 [three]", "finished 7 stop [three] / 0+0"}));
}

TEST_F(AcpTurns, ARunThatIsCancelledWhileItWaitsOrEndsSettles) {
  start();
  chunk("s1", "one");
  end_turn(3);
  protocol->cancel(RunId{5});
  EXPECT_EQ(sink.take(), Lines{"delta 5 [one]"});
  protocol->called_back(sink.calls_back.at(0).token);
  sink.calls_back.erase(sink.calls_back.begin());
  EXPECT_EQ(sink.take(), Lines{"settled 5"});
  prompt(6, "next", "s1");
  protocol->cancel(RunId{6});
  pass();
  EXPECT_EQ(sink.take(), Lines{"settled 6"});
}

TEST_F(AcpTurns, AnAnswerThatCameCountsWhateverBecomesOfTheProcess) {
  start();
  chunk("s1", "one");
  end_turn(3);
  protocol->ended(false, "it was ended by signal 9");
  EXPECT_EQ(sink.take().back(), "finished 5 stop [one] / 0+0");
  sink = RecordingSink{};
  protocol = make_acp_protocol(profile, sink, sink);
  start();
  chunk("s1", "one");
  end_turn(3);
  sink.take();
  for (std::uint32_t i = 0; i <= limits::kAgentOddLinesMax; ++i)
    line("garbage");
  const Lines told = sink.take();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0], "finished 5 stop [one] / 0+0");
  EXPECT_TRUE(told[1].starts_with("fault "));
}

TEST_F(AcpTurns, LinesWithSomethingAroundThemAreRead) {
  at_once = false;
  greet();
  prompt(5, "hi");
  line("\x1b[2J\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":\"2\",\"result\":{\"sessionId\":\"s1\"}}\r");
  sink.take();
  const std::string head =
      R"({"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"s1","update":)"
      R"({"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":")";
  line(head + "a\\ud83d\"}}}}" + head + "\\ude00\xff\"}}}}");
  line("Loading" + head + "b\"}}}}");
  line(R"({"id":3.0,"result":{"stopReason":"end_turn"}} done)");
  const std::string emoji = "\xF0\x9F\x98\x80\xEF\xBF\xBD";
  EXPECT_EQ(sink.take(), (Lines{"delta 5 [a]", "delta 5 [" + emoji + "]", "delta 5 [b]",
                                "finished 5 stop [a" + emoji + "b] / 0+0"}));
  EXPECT_EQ(sink.logs.size(), 1U);
}

TEST_F(AcpTurns, AnAnswerThatCannotBeReadEndsTheRun) {
  const std::string_view lines[] = {
      R"({"jsonrpc":"2.0","id":3,"result":{"stopReason":)", R"({"jsonrpc":"2.0","id":3})",
      R"({"jsonrpc":"3.0","id":3,"result":{"stopReason":"end_turn"}})",
      R"({"jsonrpc":"2.0","id":"3","result":nothing})", R"("result":{"stopReason":"end_turn"}})"};
  for (const std::string_view broken : lines) {
    sink = RecordingSink{};
    protocol = make_acp_protocol(profile, sink, sink);
    start();
    chunk("s1", "text");
    line(broken);
    const std::string told = sink.take().back();
    EXPECT_TRUE(told.starts_with("failed 5 unknown The agent's answer cannot be read (")) << told;
    EXPECT_FALSE(sink.faulted);
  }
  // What is no answer to it ends nothing.
  sink = RecordingSink{};
  protocol = make_acp_protocol(profile, sink, sink);
  start();
  line(R"({"jsonrpc":"2.0","id":33,"result":{)");
  EXPECT_EQ(sink.take(), Lines{});
  // A question is answered, or the agent would wait.
  line(R"({"jsonrpc":"2.0","id":3,"method":"session/request_permission","params":{)");
  line(R"({"jsonrpc":"2.0","id":"a-7","method":"fs/read_text_file","params":{)");
  line(R"({"jsonrpc":"2.0","id":nothing,"method":"fs/read_text_file","params":{)");
  const std::string_view error = R"("error":{"code":-32700,"message":"Parse error"}})";
  EXPECT_EQ(sink.take(), (Lines{fmt::format(R"(> {{"jsonrpc":"2.0","id":3,{})", error),
                                fmt::format(R"(> {{"jsonrpc":"2.0","id":"a-7",{})", error)}));
  protocol = make_acp_protocol(profile, sink, sink);
  protocol->begin();
  line(R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1)");
  EXPECT_TRUE(sink.faulted);
}

TEST_F(AcpTurns, PiecesOfOtherShapesAreReadOrTheRunFails) {
  at_once = false;
  const std::string_view read[] = {
      R"("content":"word")",
      R"("content":[{"type":"text","text":"wo"},{"type":"text","text":"rd"}])", R"("text":"word")",
      R"("content":{"type":"resource","resource":{"uri":"x","text":"word"}})"};
  for (const std::string_view content : read) {
    sink = RecordingSink{};
    protocol = make_acp_protocol(profile, sink, sink);
    start();
    update("s1", fmt::format(R"("sessionUpdate":"agent_message_chunk",{})", content));
    end_turn(3);
    EXPECT_EQ(sink.take().back(), "finished 5 stop [word] / 0+0") << content;
  }
  const std::string_view unread[] = {
      R"("sessionUpdate":"agent_message_chunk","content":{"type":"image","data":"x"})",
      R"("sessionUpdate":"agent_message_chunk","message":"word")",
      R"("sessionUpdate":"assistant_text","content":{"type":"text","text":"word"})",
      R"("kind":"agent_message_chunk","content":{"type":"text","text":"word"})"};
  for (const std::string_view members : unread) {
    sink = RecordingSink{};
    protocol = make_acp_protocol(profile, sink, sink);
    start();
    update("s1", members);
    end_turn(3);
    const std::string told = sink.take().back();
    EXPECT_TRUE(told.starts_with("failed 5 unknown The agent answered in a way that is not under"))
        << told;
    EXPECT_EQ(sink.logs.size(), 1U) << members;
    // With an answer it does no harm.
    prompt(6, "again", "s1");
    update("s1", members);
    chunk("s1", "word");
    end_turn(4);
    EXPECT_EQ(sink.take().back(), "finished 6 stop [word] / 0+0");
  }
}

TEST_F(AcpTurns, AResultThatIsUnfinishedIsNoEmptyAnswer) {
  at_once = false;
  for (const std::string_view reason : {"max_tokens", "max_turn_requests", "paused"}) {
    sink = RecordingSink{};
    protocol = make_acp_protocol(profile, sink, sink);
    start();
    result(3, fmt::format(R"({{"stopReason":"{}"}})", reason));
    EXPECT_EQ(sink.take().back(),
              fmt::format("failed 5 unknown The agent stopped before it answered ({}). Send the "
                          "message again.",
                          reason));
  }
}

}  // namespace
}  // namespace spine::agents
