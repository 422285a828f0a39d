// JsonlProtocol: one prompt, one process: the plain lines, Claude Code's and Codex's.
#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/protocols/recording_sink.h"

namespace spine::agents {
namespace {

class Jsonl : public testing::Test {
 protected:
  // A process of the preset that works on run 5.
  void start(std::string_view preset, std::string_view session = "c0") {
    profile.preset = preset;
    profile.skills.clear();
    sink = RecordingSink{};
    protocol = make();
    protocol->begin();
    EXPECT_EQ(sink.take(), Lines{"ready []"});
    protocol->prompt({.run = RunId{5}, .agent_session = session, .text = "hi\nthere"});
    sink.take();
  }
  std::unique_ptr<Protocol> make() {
    return protocol_kind(config::Driver::jsonl, profile.preset).make(profile, sink, sink);
  }
  void lines(const std::vector<std::string_view>& all) {
    for (const std::string_view line : all)
      protocol->line(line);
  }

  AgentProfile profile{profile_of_tests()};
  RecordingSink sink{};
  std::unique_ptr<Protocol> protocol{};
};

TEST_F(Jsonl, CommandLines) {
  profile.args = {"--more"};
  const ProtocolPrompt first{.run = RunId{5}, .agent_session = "c-1", .model = "x/big"};
  const ProtocolPrompt strange{.run = RunId{5}, .agent_session = "--yolo"};
  profile.preset = "claude";
  auto made = make();
  EXPECT_EQ(made->command_line("", &first),
            (Lines{"claude", "-p", "--output-format=stream-json", "--verbose",
                   "--include-partial-messages", "--model=big", "--resume=c-1",
                   "--permission-mode=acceptEdits", "--more"}));
  profile.trust = fb::Trust::untrusted;
  EXPECT_EQ(
      made->command_line("/opt/claude", &strange),
      (Lines{"/opt/claude", "-p", "--output-format=stream-json", "--verbose",
             "--include-partial-messages", "--model=scripted", "--permission-mode=dontAsk",
             "--strict-mcp-config", "--tools=read,grep", "--allowedTools=read,grep", "--more"}));
  profile.preset = "codex";
  made = make();
  EXPECT_EQ(made->command_line("", &first),
            (Lines{"codex", "exec", "--json", "--skip-git-repo-check", "--sandbox=read-only",
                   "--model=big", "--more", "resume", "c-1", "-"}));
  profile.trust = fb::Trust::trusted;
  profile.model.clear();
  EXPECT_EQ(made->command_line("", &strange),
            (Lines{"codex", "exec", "--json", "--skip-git-repo-check", "--sandbox=workspace-write",
                   "--more", "-"}));
  profile.preset.clear();
  EXPECT_EQ(make()->command_line("./mine", &first), (Lines{"./mine", "--more"}));
}

TEST_F(Jsonl, ThePromptIsWrittenAndTheInputEnds) {
  protocol = make();
  protocol->begin();
  protocol->prompt({.run = RunId{5},
                    .agent_session = "c1",
                    .model = "x/y",
                    .thinking_level = "high",
                    .text = "hi \"you\""});
  EXPECT_EQ(
      sink.take(),
      (Lines{
          "ready []",
          R"(> {"type":"prompt","text":"hi \"you\"","session":"c1","model":"x/y","thinkingLevel":"high","run":"5","trust":"trusted"})",
          "close_input"}));
  profile.preset = "claude";
  protocol = make();
  protocol->prompt({.run = RunId{6}, .text = "two\nlines"});
  const Lines told = sink.take();
  EXPECT_TRUE(told.at(0).starts_with("> These skills"));
  EXPECT_TRUE(told.at(0).ends_with("</available_skills>\n\ntwo\nlines"));
  EXPECT_EQ(told.at(1), "close_input");
}

TEST_F(Jsonl, WhatUntrustedPeopleWriteIsNoCommandAndSaysSo) {
  profile.trust = fb::Trust::untrusted;
  profile.skills.clear();
  const auto told = [this](std::string_view preset, std::string_view text) {
    profile.preset = preset;
    protocol = make();
    protocol->prompt({.run = RunId{5}, .agent_session = "c1", .text = text});
    return sink.take().at(0);
  };
  EXPECT_EQ(
      told("", "/help \"me\""),
      R"(> {"type":"prompt","text":"Message: /help \"me\"","session":"c1","run":"5","trust":"untrusted","tools":["read","grep"]})");
  for (const char* preset : {"claude", "codex"}) {
    EXPECT_EQ(told(preset, "/init"), "> Message: /init");
    EXPECT_EQ(told(preset, " \t\n/init"), "> Message:  \t\n/init") << "it may be trimmed";
    EXPECT_EQ(told(preset, "\u00a0/init"), "> Message: \u00a0/init");
    EXPECT_EQ(told(preset, "!ls"), "> Message: !ls");
    EXPECT_EQ(told(preset, "and/or !"), "> and/or !");
    EXPECT_EQ(told(preset, ""), "> ");
  }
  profile.untrusted_tools.clear();
  EXPECT_TRUE(told("", "hi").ends_with(R"("trust":"untrusted","tools":[]})"));
  profile.trust = fb::Trust::trusted;
  EXPECT_EQ(told("claude", "/init"), "> /init");
}

TEST_F(Jsonl, CodexCannotBeHeldToToolsAndThatIsLoggedOnceAConversation) {
  profile.preset = "codex";
  profile.trust = fb::Trust::untrusted;
  profile.skills.clear();
  protocol = make();
  protocol->prompt({.run = RunId{5}, .text = "hi"});
  EXPECT_EQ(sink.take(), (Lines{"> hi", "close_input"}));
  ASSERT_EQ(sink.logs.size(), 1U);
  EXPECT_TRUE(sink.logs[0].starts_with("Codex cannot be told which tools")) << sink.logs[0];
  protocol = make();
  protocol->prompt({.run = RunId{6}, .agent_session = "c1", .text = "hi"});
  EXPECT_EQ(sink.take(), (Lines{"> hi", "close_input"}));
  EXPECT_EQ(sink.logs.size(), 1U);
}

struct Scene {
  std::vector<std::string_view> lines{};
  Lines told{};
};

TEST_F(Jsonl, PlainLines) {
  const Scene scenes[] = {
      {{R"({"type":"session","id":"c1"})", R"({"type":"delta","text":"It "})",
        R"({"type":"delta","text":"is"})", R"({"type":"final","text":"It is noon."})"},
       {"bound 5 c1", "delta 5 [It ]", "delta 5 [is]", "finished 5 stop [It is noon.] / 0+0"}},
      {{R"({"type":"session","id":"c0"})", R"({"type":"delta","text":"It "})",
        R"({"type":"delta","text":"is"})", R"({"type":"final"})"},
       {"delta 5 [It ]", "delta 5 [is]", "finished 5 stop [It is] / 0+0"}},
      {{R"({"type":"delta","text":"on"})", R"({"type":"text","text":"one"})",
        R"({"type":"text","text":"two"})",
        R"({"type":"final","model":"m","stop_reason":"length","usage":{"input_tokens":1,"output_tokens":2}})"},
       {"delta 5 [on]", "finished 5 length [one\n\ntwo] /m 1+2"}},
      {{R"({"type":"tool_call","id":"t","name":"bash","arguments":{"command":"date"}})",
        R"({"type":"tool_result","id":"t","name":"bash","text":"noon","is_error":true})",
        R"({"type":"tool_call","name":"bash"})", R"({"type":"tool_result"})",
        R"({"type":"final","text":""})", R"({"type":"final","text":"again"})",
        R"({"type":"error","message":"late"})"},
       {R"(called 5 t bash [] {"command":"date"})", "returned 5 t bash error noon",
        "finished 5 stop [] / 0+0"}},
      {{R"({"type":"error","message":"429"})"}, {"failed 5 rate_limit 429"}},
      {{R"({"type":"error"})"}, {"failed 5 unknown The agent failed without saying why."}},
  };
  for (const Scene& scene : scenes) {
    start("");
    lines(scene.lines);
    EXPECT_EQ(sink.take(), scene.told);
    protocol->ended(true, "it exited with code 0");
    EXPECT_EQ(sink.take(), Lines{});
  }
}

TEST_F(Jsonl, AnEndWithoutAFinalLine) {
  const struct {
    std::vector<std::string_view> lines{};
    bool clean{};
    std::string_view told{};
  } cases[] = {
      {{R"({"type":"text","text":"done"})"}, true, "finished 5 stop [done] / 0+0"},
      {{R"({"type":"delta","text":"done"})"}, true, "finished 5 stop [done] / 0+0"},
      {{R"({"type":"text","text":"done"})"},
       false,
       "failed 5 crash The agent ended without an answer: why"},
      {{}, true, "failed 5 unknown The agent ended without an answer: why"},
      {{}, false, "failed 5 crash The agent ended without an answer: why"},
      {{R"({"type":"text","text":"one"})", R"({"type":"te)"}, true, "finished 5 stop [one] / 0+0"},
  };
  for (const auto& [written, clean, told] : cases) {
    start("");
    lines(written);
    sink.take();
    protocol->ended(clean, "why");
    EXPECT_EQ(sink.take(), Lines{std::string(told)});
  }
}

TEST_F(Jsonl, LinesWithSomethingAroundThemAreRead) {
  start("");
  protocol->line("\xEF\xBB\xBF{\"type\":\"delta\",\"text\":\"\\ud83d\"}\r");
  protocol->line(
      "\x1b[0m{\"type\":\"delta\",\"text\":\"\\ude00\"}{\"type\":\"tool_call\",\"id\":7,"
      "\"name\":\"x\"}");
  protocol->line(R"({"type":"final"}{"type":"final","text":"again"})");
  EXPECT_EQ(sink.take(), (Lines{"delta 5 [\xF0\x9F\x98\x80]", "called 5 7 x [] {}",
                                "finished 5 stop [\xF0\x9F\x98\x80] / 0+0"}));
  protocol->line(R"({"type":"delta","text":"late"})");
  EXPECT_NE(sink.logs.back().find("after its answer"), std::string::npos);
  for (const auto& [preset, line] :
       {std::pair{"claude", R"({"type":"result","subtype":"success","result":"noon"})"},
        std::pair{
            "codex",
            R"({"type":"item.completed","item":{"id":"i","type":"agent_message","text":"noon"}})"
            R"({"type":"turn.completed"})"}}) {
    start(preset);
    protocol->line(std::string("\x1b[2K") + line + "\x1b[0m");
    const Lines told = sink.take();
    ASSERT_FALSE(told.empty());
    EXPECT_TRUE(told.back().starts_with("finished 5 stop [noon]")) << told.back();
  }
}

TEST_F(Jsonl, AnAnswerThatCannotBeReadOrUnderstoodFailsAtOnce) {
  const struct {
    std::string_view preset{};
    std::vector<std::string_view> lines{};
    std::string_view why{};
  } cases[] = {
      {"", {R"({"type":"final","text":"half)"}, "The agent's answer cannot be read"},
      {"",
       {R"({"type":"text","text":"a"})", R"({"type":"final","text":{"a":1}})"},
       "The agent's answer is no text but {\"a\":1}"},
      {"", {R"({"type":"final"})"}, "The agent said that its answer is whole, and gave none"},
      {"",
       {R"({"type":"delta","text":"a"})", R"({"type":"delta","text":"b)", R"({"type":"final"})"},
       "A part of the agent's answer cannot be read"},
      {"",
       {R"({"type":"message","content":"a"})", R"({"type":"final"})"},
       "A part of the agent's answer cannot be read (lines of type \"message\")"},
      {"claude", {R"({"type":"result","subtype":"success","resu)"}, "The agent's answer cannot be"},
      {"claude",
       {R"({"type":"result","subtype":"success"})"},
       "Claude Code ended without an answer"},
      {"codex", {R"({"type":"turn.completed","us)"}, "The agent's answer cannot be read"},
      {"codex", {R"({"type":"turn.completed"})"}, "Codex ended its turn without an answer"},
      {"codex",
       {R"({"type":"item.completed","item":{"id":"i","type":"agent_message","content":"a"}})",
        R"({"type":"turn.completed"})"},
       "The agent answered in a way that is not understood"},
  };
  for (const auto& [preset, written, why] : cases) {
    start(preset);
    lines(written);
    const Lines told = sink.take();
    ASSERT_FALSE(told.empty()) << why;
    EXPECT_TRUE(told.back().starts_with(fmt::format("failed 5 unknown {}", why))) << told.back();
    protocol->ended(true, "it ended with exit code 0");
    EXPECT_EQ(sink.take(), Lines{});
  }
}

TEST_F(Jsonl, APieceThatWasLostIsNoAnswerAtTheEnd) {
  start("");
  lines({R"({"type":"text","text":"one"})", R"({"type":"text","text":"tw)"});
  protocol->ended(true, "it ended with exit code 0");
  const std::string told = sink.take().back();
  EXPECT_TRUE(told.starts_with("failed 5 unknown The agent ended without an answer: no message"))
      << told;
}

TEST_F(Jsonl, ACancelledRunSettlesWhenTheProcessEnds) {
  start("");
  protocol->cancel(RunId{4});
  protocol->line(R"({"type":"delta","text":"a"})");
  protocol->cancel(RunId{5});
  protocol->line(R"({"type":"delta","text":"b"})");
  protocol->line(R"({"type":"final","text":"b"})");
  protocol->ended(false, "it was ended by signal 15");
  protocol->ended(false, "it was ended by signal 15");
  EXPECT_EQ(sink.take(), (Lines{"delta 5 [a]", "settled 5"}));
}

TEST_F(Jsonl, OddLinesAreBorneUpToABound) {
  for (const std::string_view preset : {"", "claude", "codex"}) {
    start(preset);
    lines({"garbage", "[]", R"({"type":7})", R"({"x":1})", ""});
    EXPECT_EQ(sink.logs.size(), 4U);
    for (std::uint32_t i = 0; i < limits::kAgentOddLinesMax; ++i)
      protocol->line("garbage");
    EXPECT_TRUE(sink.faulted);
    protocol->line(R"({"type":"final","text":"b"})");
    protocol->ended(true, "");
  }
}

TEST_F(Jsonl, TextWithoutAnEndIsStopped) {
  start("");
  sink.count_deltas = true;
  const std::string piece =
      fmt::format(R"({{"type":"delta","text":"{}"}})", std::string(1 << 20, 'x'));
  for (int i = 0; i < 9; ++i)
    protocol->line(piece);
  const Lines told = sink.take();
  EXPECT_EQ(told.size(), 2U);
  EXPECT_TRUE(told.at(0).starts_with("failed 5 unknown The agent wrote more than 8 MiB"));
  EXPECT_TRUE(sink.faulted);
}

TEST_F(Jsonl, ParagraphsAreCutAtTheBound) {
  start("");
  const std::string piece =
      fmt::format(R"({{"type":"text","text":"{}"}})", std::string(5 << 20, 'x'));
  lines({piece, piece, piece, R"({"type":"final"})"});
  const Lines told = sink.take();
  EXPECT_EQ(told.size(), 1U);
  EXPECT_LE(told.at(0).size(), limits::kTextBytesMax + 64);
  EXPECT_FALSE(sink.logs.empty());
}

TEST_F(Jsonl, Claude) {
  constexpr std::string_view kInit =
      R"({"type":"system","subtype":"init","session_id":"c1","tools":[],"model":"m"})";
  const Scene scenes[] = {
      {{kInit, R"({"type":"stream_event","event":{"type":"message_start"},"session_id":"c1"})",
        R"({"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"text_delta","text":"let me see"}}})",
        R"({"type":"assistant","message":{"model":"m","content":[{"type":"text","text":"let me see"}]}})",
        R"({"type":"assistant","message":{"model":"m","content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"date"}}]}})",
        R"({"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":"noon"}]}})",
        R"({"type":"assistant","parent_tool_use_id":"t9","message":{"content":[{"type":"text","text":"a helper's"}]}})",
        R"({"type":"stream_event","event":{"type":"message_start"}})",
        R"({"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"input_json_delta","partial_json":"{"}}})",
        R"({"type":"stream_event","event":{"type":"content_block_delta","delta":{"type":"text_delta","text":"noon"}}})",
        R"({"type":"assistant","message":{"model":"m","content":[{"type":"text","text":"noon"}]}})",
        R"({"type":"result","subtype":"success","is_error":false,"result":"noon","stop_reason":"end_turn","session_id":"c1","usage":{"input_tokens":3,"output_tokens":4}})"},
       {"bound 5 c1", "delta 5 [let me see]", R"(called 5 t1 Bash [] {"command":"date"})",
        "returned 5 t1 Bash ok noon", "delta 5 [\n\n]", "delta 5 [noon]",
        "finished 5 stop [noon] anthropic/m 3+4"}},
      // As 2.1.330 says it when nobody is logged in: an error that is a success.
      {{R"({"type":"assistant","message":{"model":"<synthetic>","content":[{"type":"text","text":"Not logged in"}]}})",
        R"({"type":"result","subtype":"success","is_error":true,"result":"Not logged in - Please run /login","session_id":"c0"})"},
       {"failed 5 unknown Claude Code failed: Not logged in - Please run /login"}},
      {{R"({"type":"result","subtype":"error_max_turns","is_error":false})"},
       {"failed 5 unknown Claude Code failed: error_max_turns"}},
      {{R"({"type":"result","subtype":"error_during_execution","is_error":true,"errors":["No conversation found","x"]})"},
       {"failed 5 unknown Claude Code failed: No conversation found; x"}},
      {{R"({"type":"result","subtype":"success","result":"no","stop_reason":"refusal"})"},
       {"failed 5 refusal The model refused to answer: no"}},
      {{R"({"type":"result","subtype":"success","result":"cut","stop_reason":"max_tokens"})"},
       {"finished 5 max_tokens [cut] anthropic/ 0+0"}},
      {{R"({"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t7","is_error":true,"content":[{"type":"text","text":"no"}]}]}})"},
       {"returned 5 t7  error no"}},
  };
  for (const Scene& scene : scenes) {
    start("claude");
    lines(scene.lines);
    EXPECT_EQ(sink.take(), scene.told);
  }
  protocol->ended(true, "exit code 0");
  EXPECT_EQ(sink.take(), Lines{"failed 5 unknown The agent ended without an answer: exit code 0"});
}

TEST_F(Jsonl, Codex) {
  constexpr std::string_view kStarted = R"({"type":"thread.started","thread_id":"c1"})";
  const Scene scenes[] = {
      {{kStarted, R"({"type":"turn.started"})",
        R"({"type":"item.completed","item":{"id":"i0","type":"reasoning","text":"hm"}})",
        R"({"type":"item.started","item":{"id":"i1","type":"command_execution","command":"date","status":"in_progress"}})",
        R"({"type":"item.completed","item":{"id":"i1","type":"command_execution","command":"date","aggregated_output":"noon","exit_code":0,"status":"completed"}})",
        R"({"type":"item.completed","item":{"id":"i2","type":"file_change","changes":[{"path":"a"}],"status":"failed"}})",
        R"({"type":"item.completed","item":{"id":"i3","type":"agent_message","text":"first"}})",
        R"({"type":"item.completed","item":{"id":"i4","type":"agent_message","text":"noon"}})",
        R"({"type":"turn.completed","usage":{"input_tokens":3,"cached_input_tokens":1,"output_tokens":4}})"},
       {"bound 5 c1", R"(called 5 i1 bash [date] {"command":"date"})", "returned 5 i1 bash ok noon",
        R"(called 5 i2 edit [] [{"path":"a"}])", "returned 5 i2 edit error ", "delta 5 [first]",
        "delta 5 [\n\n]", "delta 5 [noon]", "finished 5 stop [noon] openai/ 3+4"}},
      {{R"({"type":"error","message":"Reconnecting... 2/5: stream disconnected"})",
        R"({"type":"item.completed","item":{"id":"i0","type":"error","message":"Falling back"}})",
        R"({"type":"item.completed","item":{"id":"i1","type":"agent_message","text":"fine"}})",
        R"({"type":"turn.completed"})"},
       {"delta 5 [fine]", "finished 5 stop [fine] openai/ 0+0"}},
      {{R"({"type":"turn.failed","error":{"message":"429 slow down"}})",
        R"({"type":"turn.failed","error":{"message":"again"}})"},
       {"failed 5 rate_limit Codex failed: 429 slow down"}},
      {{R"({"type":"turn.failed"})"}, {"failed 5 unknown Codex failed: it does not say why"}},
      {{R"({"type":"error","message":"Reconnecting... 5/5"})"}, {}},
  };
  for (const Scene& scene : scenes) {
    start("codex");
    lines(scene.lines);
    EXPECT_EQ(sink.take(), scene.told);
  }
  protocol->ended(false, "exit code 1");
  EXPECT_EQ(sink.take(), Lines{"failed 5 crash The agent ended without an answer: Reconnecting... "
                               "5/5 (exit code 1)"});
}

}  // namespace
}  // namespace spine::agents
