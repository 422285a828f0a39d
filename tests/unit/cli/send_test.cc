// send: what is waited for, and what is not.
#include <gtest/gtest.h>

#include "adapters/cli/command_line.h"
#include "tests/support/peer.h"

namespace spine::cli {
namespace {

TEST(Send, AMessageThatStartsNoRunIsNotWaitedFor) {
  using nlohmann::json;
  test::Peer peer({[&](test::Connection& c) {
    test::hello(c);
    const json call = test::next_request(c);
    test::reply(c, call,
                {{"runId", call["params"]["idempotencyKey"]}, {"status", "ok"}, {"run", false}});
    const test::Connection::Received after = c.read_frame();
    EXPECT_EQ(after.opcode, Opcode::close) << after.payload;
  }});
  ::testing::internal::CaptureStdout();
  const int code =
      run_command({"send", "/reset", "--port", std::to_string(peer.port()), "--token", "secret",
                   "--config", "/nonexistent/openclaw.json", "--state-dir", "/nonexistent"});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "Recorded; no agent run was started.\n");
  EXPECT_EQ(code, kExitOk);
}

}  // namespace
}  // namespace spine::cli
