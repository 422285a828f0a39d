// PiFixture: a Pi whose every line the test writes.
#pragma once

#include <string>

#include "adapters/agents/protocols/pi.h"
#include "tests/unit/protocols/recording_sink.h"

namespace spine::agents {

inline std::string pi_state(std::string_view file, std::string_view more = "") {
  return fmt::format(
      R"("data":{{"model":{{"id":"scripted","provider":"ours"}},"thinkingLevel":"off",)"
      R"("isStreaming":false,"isCompacting":false,"sessionFile":"/data/sessions/{}"{}}})",
      file, more);
}

inline std::string pi_message(std::string_view text, std::string_view reason = "stop",
                              std::string_view more = "") {
  return fmt::format(
      R"({{"type":"message_end","message":{{"role":"assistant","content":[{{"type":"text","text":"{}"}}],)"
      R"("provider":"ours","model":"scripted","usage":{{"input":11,"output":7}},"stopReason":"{}"{}}}}})",
      text, reason, more);
}

inline std::string pi_delta(std::string_view text) {
  return fmt::format(
      R"({{"type":"message_update","assistantMessageEvent":{{"type":"text_delta","contentIndex":0,"delta":"{}"}}}})",
      text);
}

class PiFixture : public testing::Test {
 protected:
  void respond(int id, std::string_view command, std::string_view more = "", bool success = true) {
    protocol->line(fmt::format(R"({{"id":"{}","type":"response","command":"{}","success":{}{}{}}})",
                               id, command, success, more.empty() ? "" : ",", more));
  }
  void events(std::initializer_list<std::string_view> lines) {
    for (const std::string_view line : lines)
      protocol->line(line);
  }
  void greet() {
    protocol->begin();
    respond(1, "get_state", pi_state("a.jsonl"));
    EXPECT_EQ(sink.take(), (Lines{R"(> {"id":"1","type":"get_state"})", "ready []"}));
  }
  void prompt(std::uint64_t run, std::string_view text, std::string_view session = "",
              std::string_view model = "", std::string_view thinking = "") {
    protocol->prompt({.run = RunId{run},
                      .agent_session = session,
                      .model = model,
                      .thinking_level = thinking,
                      .text = text});
  }
  // A first run that Pi works on.
  void start(std::uint64_t run = 5) {
    greet();
    prompt(run, "hi");
    respond(2, "prompt");
    protocol->line(R"({"type":"agent_start"})");
    EXPECT_EQ(sink.take(), (Lines{fmt::format("bound {} a.jsonl", run),
                                  R"(> {"id":"2","type":"prompt","message":"hi"})"}));
  }

  const AgentProfile profile{profile_of_tests()};
  RecordingSink sink{};
  std::unique_ptr<Protocol> protocol{make_pi_protocol(profile, sink, sink)};
};

}  // namespace spine::agents
