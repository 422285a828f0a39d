// AcpProtocol: what the agent asks for: permissions and files.
#include <gtest/gtest.h>

#include "schemas/vocab/limits.h"
#include "tests/unit/protocols/acp_fixture.h"

namespace spine::agents {
namespace {

constexpr std::string_view kOnce = R"({"optionId":"y","name":"Yes","kind":"allow_once"})";
constexpr std::string_view kAlways = R"({"optionId":"a","name":"Always","kind":"allow_always"})";
constexpr std::string_view kNo = R"({"optionId":"n","name":"No","kind":"reject_once"})";
constexpr std::string_view kNever = R"({"optionId":"never","name":"Never","kind":"reject_always"})";
constexpr std::string_view kCancelled = R"({"outcome":{"outcome":"cancelled"}})";

std::string selected(std::string_view id) {
  return fmt::format(R"({{"outcome":{{"outcome":"selected","optionId":"{}"}}}})", id);
}

std::string response(std::string_view id, std::string_view result) {
  return fmt::format(R"(> {{"jsonrpc":"2.0","id":{},"result":{}}})", id, result);
}

class AcpRequests : public AcpFixture {};

TEST_F(AcpRequests, PermissionsAreAnsweredWithTheOptionThatFits) {
  using enum fb::ApprovalDecision;
  const struct {
    std::string options;
    fb::ApprovalDecision decision;
    std::string answer;
  } cases[] = {
      {fmt::format("{},{},{}", kOnce, kAlways, kNo), allow_once, selected("y")},
      {fmt::format("{},{},{}", kOnce, kAlways, kNo), allow_always, selected("a")},
      {fmt::format("{},{},{}", kOnce, kAlways, kNo), deny, selected("n")},
      {fmt::format("{},{}", kAlways, kNo), allow_once, std::string(kCancelled)},
      {fmt::format("{},{}", kAlways, kNo), allow_always, selected("a")},
      {fmt::format("{},{}", kOnce, kNo), allow_always, selected("y")},
      {fmt::format("{},{}", kOnce, kNo), expired, selected("n")},
      {fmt::format("{},{}", kOnce, kNever), deny, std::string(kCancelled)},
      {std::string(kOnce), withdrawn, std::string(kCancelled)},
      {std::string(kNo), allow_once, std::string(kCancelled)},
      {"", allow_once, std::string(kCancelled)},
      {R"(7,{"optionId":9},{"kind":"allow_once"})", allow_once, std::string(kCancelled)},
  };
  for (const auto& [options, decision, answer] : cases) {
    sink = RecordingSink{};
    protocol = make_acp_protocol(profile, sink, sink);
    start();
    permission("0", "s1", options);
    EXPECT_TRUE(sink.take().at(0).starts_with("asked 5 1 exec execute [Run it] [rm x]"));
    protocol->answer(1, decision);
    protocol->answer(1, decision);
    protocol->answer(2, decision);
    EXPECT_EQ(sink.take(), Lines{response("0", answer)});
  }
}

TEST_F(AcpRequests, AQuestionTellsWhatItIsAbout) {
  start();
  permission(R"("q-1")", "s1", fmt::format("{},{}", kOnce, kNever));
  EXPECT_EQ(sink.take(), Lines{"asked 5 1 exec execute [Run it] [rm x] allow_once=y(Yes) "
                               "deny=never(Never)"});
  protocol->answer(1, fb::ApprovalDecision::allow_once);
  EXPECT_EQ(sink.take(), Lines{response(R"("q-1")", selected("y"))});
  const struct {
    std::string_view call;
    std::string_view told;
  } cases[] = {
      {R"("rawInput":{"path":"/etc/x","content":"..."},"kind":"edit")", "edit [] [/etc/x]"},
      {R"("rawInput":{"command":"rm x"})", "execute [] [rm x]"},
      {R"("rawInput":{"command":"rm x"},"kind":"other")", "execute [] [rm x]"},
      {R"("rawInput":{"path":"/x"})", "other [] [/x]"},
      {R"("rawInput":{"command":["rm","x"]})", R"(execute [] [["rm","x"]])"},
      {R"("rawInput":{"n":1},"title":"T")", R"(other [T] [{"n":1}])"},
      {R"("locations":[{"path":"/a"},{"path":"/b"}])", "other [] [/a, /b]"},
      {R"("rawInput":{})", "other [] []"},
  };
  std::uint64_t ask = 2;
  for (const auto& [call, told] : cases) {
    line(fmt::format(
        R"({{"jsonrpc":"2.0","id":1,"method":"session/request_permission","params":{{"sessionId":"s1","toolCall":{{{}}}}}}})",
        call));
    EXPECT_EQ(sink.take(), Lines{fmt::format("asked 5 {} exec {}", ask++, told)});
  }
}

TEST_F(AcpRequests, LeaveForEverIsOfferedForWhatHasAName) {
  start();
  const auto ask = [this](std::string_view call) {
    line(fmt::format(
        R"({{"jsonrpc":"2.0","id":1,"method":"session/request_permission","params":{{"sessionId":"s1","toolCall":{{{}}},"options":[{},{},{}]}}}})",
        call, kOnce, kAlways, kNo));
  };
  ask(R"("kind":"execute","rawInput":{"command":"rm x"})");
  EXPECT_EQ(sink.take(), Lines{"asked 5 1 exec execute [] [rm x] allow_once=y(Yes) deny=n(No)"});
  protocol->answer(1, fb::ApprovalDecision::allow_always);
  EXPECT_EQ(sink.take(), Lines{response("1", selected("y"))});
  ask(R"("kind":"execute","title":"Run rm")");
  EXPECT_EQ(sink.take(), Lines{"asked 5 2 exec execute [Run rm] [Run rm] allow_once=y(Yes) "
                               "allow_always=a(Always) deny=n(No)"})
      << "what is remembered is the tool and the detail";
}

TEST_F(AcpRequests, OpenQuestionsOfACancelledRunAreWithdrawn) {
  start();
  permission("0", "s1", kOnce);
  permission("1", "s1", kOnce);
  sink.take();
  protocol->cancel(RunId{5});
  EXPECT_EQ(sink.take(),
            (Lines{R"(> {"jsonrpc":"2.0","method":"session/cancel","params":{"sessionId":"s1"}})",
                   response("0", kCancelled), response("1", kCancelled)}));
  permission("2", "s1", kOnce);
  EXPECT_EQ(sink.take(), Lines{response("2", kCancelled)});
  result(3, R"({"stopReason":"cancelled"})");
  EXPECT_EQ(sink.take(), Lines{"settled 5"});
}

TEST_F(AcpRequests, QuestionsOfNoRunAndTooManyAreRefused) {
  start();
  permission("0", "elsewhere", kOnce);
  EXPECT_EQ(sink.take(), Lines{response("0", kCancelled)});
  for (std::size_t i = 0; i < limits::kAgentAsksMax; ++i)
    permission(std::to_string(i), "s1", kOnce);
  EXPECT_EQ(sink.take().size(), limits::kAgentAsksMax);
  permission("9", "s1", kOnce);
  EXPECT_EQ(sink.take(), Lines{response("9", kCancelled)});
}

TEST_F(AcpRequests, ARunThatEndsWithAnOpenQuestionWithdrawsIt) {
  start();
  permission("0", "s1", kOnce);
  sink.take();
  result(3, R"({"stopReason":"end_turn"})");
  EXPECT_EQ(sink.take(), (Lines{response("0", kCancelled), "finished 5 stop [] / 0+0"}));
}

TEST_F(AcpRequests, FilesAreReadAndWritten) {
  const struct {
    std::string_view method;
    std::string_view params;
    std::string_view answer;
  } cases[] = {
      {"fs/read_text_file", R"({"path":"/desk/a"})", R"("result":{"content":"lines 0 0"})"},
      {"fs/read_text_file", R"({"path":"/desk/a","line":3,"limit":2})",
       R"("result":{"content":"lines 3 2"})"},
      {"fs/read_text_file", R"({"path":"/etc/passwd"})",
       R"("error":{"code":-32000,"message":"not that one"})"},
      {"fs/read_text_file", R"({"path":7})",
       R"("error":{"code":-32602,"message":"path must be a string"})"},
      {"fs/write_text_file", R"({"path":"/desk/a","content":"new"})", R"("result":null)"},
      {"fs/write_text_file", R"({"path":"/etc/passwd","content":"new"})",
       R"("error":{"code":-32000,"message":"not that one"})"},
      {"fs/write_text_file", R"({"path":"/desk/a"})",
       R"("error":{"code":-32602,"message":"path and content must be strings"})"},
      {"terminal/create", R"({})",
       R"("error":{"code":-32601,"message":"\"Method not found\": terminal/create"})"},
  };
  start();
  for (const auto& [method, params, answer] : cases) {
    line(fmt::format(R"({{"jsonrpc":"2.0","id":8,"method":"{}","params":{}}})", method, params));
    EXPECT_EQ(sink.take(), Lines{fmt::format(R"(> {{"jsonrpc":"2.0","id":8,{}}})", answer)});
  }
  EXPECT_EQ(files->written, "new");
}

}  // namespace
}  // namespace spine::agents
