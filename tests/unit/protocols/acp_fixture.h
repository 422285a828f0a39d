// AcpFixture: an AcpProtocol whose agent is the test.
#pragma once

#include <string>

#include "adapters/agents/protocols/acp.h"
#include "tests/unit/protocols/recording_sink.h"

namespace spine::agents {

// Remembers one write; has one file.
class FakeFiles final : public FileAccess {
 public:
  Result<std::string> read(std::string_view path, std::uint64_t line,
                           std::uint64_t limit) override {
    if (path != "/desk/a") return Error{Errc::refused, "not that one"};
    return fmt::format("lines {} {}", line, limit);
  }
  Status write(std::string_view path, std::string_view content) override {
    if (path != "/desk/a") return Error{Errc::refused, "not that one"};
    written = content;
    return ok();
  }
  std::string written{};
};

class AcpFixture : public testing::Test {
 protected:
  // The agent writes, and then is silent for long.
  void line(std::string_view text) {
    protocol->line(text);
    if (!at_once) pass();
  }
  // Time passes: whatever waits to be called back is.
  void pass() {
    while (!sink.calls_back.empty()) {
      const std::uint64_t token = sink.calls_back.front().token;
      sink.calls_back.erase(sink.calls_back.begin());
      protocol->called_back(token);
    }
  }
  void result(std::uint64_t id, std::string_view json) {
    line(fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id, json));
  }
  void error(std::uint64_t id, int code, std::string_view message) {
    line(fmt::format(R"({{"jsonrpc":"2.0","id":{},"error":{{"code":{},"message":"{}"}}}})", id,
                     code, message));
  }
  void update(std::string_view session, std::string_view members) {
    line(fmt::format(
        R"({{"jsonrpc":"2.0","method":"session/update","params":{{"sessionId":"{}","update":{{{}}}}}}})",
        session, members));
  }
  void chunk(std::string_view session, std::string_view text) {
    update(session,
           fmt::format(
               R"("sessionUpdate":"agent_message_chunk","content":{{"type":"text","text":"{}"}})",
               text));
  }
  void permission(std::string_view id, std::string_view session, std::string_view options) {
    line(fmt::format(
        R"({{"jsonrpc":"2.0","id":{},"method":"session/request_permission","params":{{"sessionId":"{}",)"
        R"("toolCall":{{"toolCallId":"c","title":"Run it","kind":"execute","rawInput":{{"command":"rm x"}}}},)"
        R"("options":[{}]}}}})",
        id, session, options));
  }
  void greet(std::string_view capabilities = R"({"loadSession":true})") {
    protocol->begin();
    result(1, fmt::format(R"({{"protocolVersion":1,"agentCapabilities":{}}})", capabilities));
    sink.take();
  }
  void prompt(std::uint64_t run, std::string_view text, std::string_view session = "") {
    protocol->prompt({.run = RunId{run}, .agent_session = session, .text = text});
  }
  // A first run, 5, in the conversation "s1"; its prompt is request 3.
  void start() {
    greet();
    prompt(5, "hi");
    result(2, R"({"sessionId":"s1"})");
    sink.take();
  }

  bool at_once{};  // no time passes between lines
  AgentProfile profile{profile_of_tests()};
  RecordingSink sink{};
  FakeFiles* files{new FakeFiles};
  std::unique_ptr<Protocol> protocol{
      std::make_unique<AcpProtocol>(profile, sink, sink, std::shared_ptr<FileAccess>(files))};
};

}  // namespace spine::agents
