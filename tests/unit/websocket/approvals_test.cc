// What agents ask: lists, answers, pushes, and who gets them.
#include "adapters/websocket/protocol/known_approvals.h"
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

using Approvals = NetTest;

const std::vector<std::string> kApprover{"operator.approvals"};

json say(ProtocolClient& client, const std::string& key, const std::string& message,
         const std::string& session = "main") {
  return client.call("chat.send",
                     {{"sessionKey", session}, {"message", message}, {"idempotencyKey", key}});
}

TEST_F(Approvals, AnExecQuestionIsPushedListedAndAnswered) {
  ProtocolClient approver;
  approver.hello(port(), kApprover);
  ProtocolClient client;
  client.hello(port());
  say(client, "r", "ask");
  const json pushed = approver.event("exec.approval.requested")["payload"];
  EXPECT_EQ(pushed["request"]["command"], "rm -rf build");
  EXPECT_EQ(pushed["request"]["cwd"], "/work");
  EXPECT_EQ(pushed["request"]["agentId"], "main");
  EXPECT_EQ(pushed["request"]["sessionKey"], "agent:main:main");
  EXPECT_EQ(pushed["request"]["runId"], "r");
  EXPECT_EQ(pushed["request"]["code"].get<std::string>().size(), 8U);
  EXPECT_EQ(pushed["request"]["allowedDecisions"],
            json::array({"allow-once", "allow-always", "deny"}));
  EXPECT_EQ(pushed["expiresAtMs"], pushed["createdAtMs"].get<std::int64_t>() + 300'000);
  EXPECT_TRUE(pushed["cursor"].is_string());

  const json list = approver.call("exec.approval.list")["payload"];
  ASSERT_EQ(list.size(), 1U) << list;
  EXPECT_EQ(list[0]["id"], pushed["id"]);
  EXPECT_EQ(list[0]["request"], pushed["request"]);
  EXPECT_EQ(approver.call("plugin.approval.list")["payload"], json::array());
  const json got = approver.call("exec.approval.get", {{"id", pushed["id"]}})["payload"];
  EXPECT_EQ(got["commandText"], "rm -rf build");
  EXPECT_EQ(got["agentId"], "main");

  const json answer =
      approver.call("exec.approval.resolve", {{"id", pushed["id"]}, {"decision", "allow-once"}});
  EXPECT_EQ(answer["payload"], json::parse(R"({"ok":true})")) << answer;
  const json resolved = approver.event("exec.approval.resolved")["payload"];
  EXPECT_EQ(resolved["id"], pushed["id"]);
  EXPECT_EQ(resolved["decision"], "allow-once");
  EXPECT_EQ(resolved["reason"], "user");
  EXPECT_EQ(approver.call("exec.approval.list")["payload"], json::array());
  const auto answers = recorded(fb::EventBody::ApprovalResolved);
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].as<fb::ApprovalResolved>().via(), fb::DecidedVia::client);
}

TEST_F(Approvals, AnAnswerStandsAndAnotherComesTooLate) {
  ProtocolClient client;
  client.hello(port());
  say(client, "r", "ask");
  const std::string id = client.event("exec.approval.requested")["payload"]["id"];
  EXPECT_EQ(client.call("exec.approval.resolve", {{"id", id}, {"decision", "deny"}})["ok"], true);
  EXPECT_EQ(client.call("exec.approval.resolve", {{"id", id}, {"decision", "deny"}})["ok"], true);
  const json late =
      client.call("exec.approval.resolve", {{"id", id}, {"decision", "allow-once"}})["error"];
  EXPECT_EQ(late["message"], "approval already resolved");
  EXPECT_EQ(late["details"]["reason"], "APPROVAL_ALREADY_RESOLVED");
  const json whole = client.call(
      "approval.resolve", {{"id", id}, {"kind", "exec"}, {"decision", "allow-once"}})["payload"];
  EXPECT_EQ(whole["applied"], false);
  EXPECT_EQ(whole["approval"]["status"], "denied");
  EXPECT_EQ(whole["approval"]["decision"], "deny");
  EXPECT_EQ(client.call("approval.get", {{"id", id}})["payload"]["approval"]["status"], "denied");
}

TEST_F(Approvals, APluginQuestionHasItsOwnFamily) {
  ProtocolClient client;
  client.hello(port());
  say(client, "r", "ask plugin");
  const json pushed = client.event("plugin.approval.requested")["payload"];
  const std::string id = pushed["id"];
  EXPECT_TRUE(id.starts_with("plugin:")) << id;
  EXPECT_EQ(pushed["request"]["title"], "Edit notes.txt");
  EXPECT_EQ(pushed["request"]["toolName"], "edit");
  EXPECT_EQ(client.call("exec.approval.list")["payload"], json::array());
  EXPECT_EQ(client.call("exec.approval.get", {{"id", id}})["error"]["message"],
            "unknown or expired approval id");
  const json refused =
      client.call("plugin.approval.resolve", {{"id", id}, {"decision", "allow-always"}})["error"];
  EXPECT_EQ(refused["details"]["allowedDecisions"], json::array({"allow-once", "deny"}));
  const json shown = client.call("approval.get", {{"id", id}})["payload"]["approval"];
  EXPECT_EQ(shown["status"], "pending");
  EXPECT_EQ(shown["presentation"]["kind"], "plugin");
  EXPECT_EQ(shown["presentation"]["title"], "Edit notes.txt");
  const json done = client.call(
      "approval.resolve", {{"id", id}, {"kind", "plugin"}, {"decision", "allow-once"}})["payload"];
  EXPECT_EQ(done["applied"], true);
  EXPECT_EQ(done["approval"]["status"], "allowed");
  EXPECT_EQ(client.event("plugin.approval.resolved")["payload"]["id"], id);
}

TEST_F(Approvals, ACodeOrTheBeginningOfTheIdNamesOne) {
  ProtocolClient client;
  client.hello(port());
  say(client, "r", "ask");
  const json pushed = client.event("exec.approval.requested")["payload"];
  const std::string id = pushed["id"];
  ASSERT_TRUE(id.starts_with(kApprovalIdStart)) << id;
  std::string code = pushed["request"]["code"];
  std::transform(code.begin(), code.end(), code.begin(), ::tolower);
  say(client, "s", "ask", "agent:main:side");
  client.event("exec.approval.requested");
  const json ambiguous = client.call("exec.approval.resolve",
                                     {{"id", kApprovalIdStart}, {"decision", "deny"}})["error"];
  EXPECT_EQ(ambiguous["message"], "ambiguous approval id prefix; use the full id");
  EXPECT_EQ(client.call("exec.approval.resolve", {{"id", code}, {"decision", "deny"}})["ok"], true);
  EXPECT_EQ(
      client.call("exec.approval.resolve", {{"id", kApprovalIdStart}, {"decision", "deny"}})["ok"],
      true);
  const json none = client.call("exec.approval.resolve",
                                {{"id", kApprovalIdStart}, {"decision", "deny"}})["error"];
  EXPECT_EQ(none["code"], "INVALID_REQUEST");
  EXPECT_EQ(none["details"]["reason"], "APPROVAL_NOT_FOUND");
  const json odd = client.call("exec.approval.resolve",
                               {{"id", kApprovalIdStart}, {"decision", "maybe"}})["error"];
  EXPECT_EQ(odd["message"], "invalid decision: say allow-once, allow-always or deny");
}

TEST_F(Approvals, WhoWaitsIsAnsweredWhenItIsDecided) {
  ProtocolClient client;
  client.hello(port());
  say(client, "r", "ask");
  const std::string first = client.event("exec.approval.requested")["payload"]["id"];
  ProtocolClient waiter;
  waiter.hello(port());
  waiter.send(ProtocolClient::request("W", "exec.approval.waitDecision", {{"id", first}}));
  waiter.call("exec.approval.list");
  client.call("exec.approval.resolve", {{"id", first}, {"decision", "allow-always"}});
  const json decided = waiter.response("W")["payload"];
  EXPECT_EQ(decided["id"], first);
  EXPECT_EQ(decided["decision"], "allow-always");
  EXPECT_EQ(decided["terminalReason"], "user");
}

TEST_F(Approvals, WhoWaitsIsAnsweredWhenItRunsOut) {
  config_.agents[0].approval_ms = 500;
  start({});
  ProtocolClient client;
  client.hello(port());
  ProtocolClient waiter;
  waiter.hello(port());
  say(client, "s", "ask");
  const std::string id = client.event("exec.approval.requested")["payload"]["id"];
  waiter.send(ProtocolClient::request("X", "exec.approval.waitDecision", {{"id", id}}));
  const json over = waiter.response("X")["payload"];
  EXPECT_TRUE(over["decision"].is_null());
  EXPECT_EQ(over["terminalReason"], "timeout");
  EXPECT_EQ(waiter.call("exec.approval.waitDecision", {{"id", id}})["payload"], over);
  EXPECT_EQ(waiter.call("approval.get", {{"id", id}})["payload"]["approval"]["status"], "expired");
  EXPECT_EQ(waiter.call("exec.approval.waitDecision", {{"id", "nothing"}})["error"]["message"],
            "approval expired or not found");
}

TEST_F(Approvals, OnlyTheScopeApprovalsSeesThem) {
  ProtocolClient reader;
  reader.hello(port(), {"operator.read", "operator.write"});
  say(reader, "r", "ask");
  EXPECT_EQ(reader.call("exec.approval.list")["error"]["details"]["missingScope"],
            "operator.approvals");
  // What was pushed came before this answer.
  reader.call("health");
  for (const json& event : reader.events)
    EXPECT_NE(event["event"], "exec.approval.requested");
}

TEST(KnownApprovals, IsBoundedAndForgetsTheOldestFirst) {
  net::KnownApprovals table;
  for (std::uint64_t i = 1; i <= limits::kApprovalsKnownMax + 1; ++i) {
    net::KnownApproval approval{};
    approval.request = Seq{i};
    approval.id = "id-" + std::to_string(i);
    approval.resolved = true;
    table.keep(std::move(approval));
  }
  EXPECT_EQ(table.count(), limits::kApprovalsKnownMax);
  EXPECT_EQ(table.find(Seq{1}), nullptr);
  EXPECT_EQ(table.find("id-1"), nullptr);
  EXPECT_NE(table.find(Seq{2}), nullptr);
  EXPECT_EQ(table.find("id-2"), table.find(Seq{2}));
  const ConnectionRef me{1, 1};
  for (std::size_t i = 0; i < limits::kApprovalWaitersPerConnectionMax; ++i)
    EXPECT_TRUE(table.wait({.connection = me, .id = "x", .approval = Seq{1}}));
  EXPECT_FALSE(table.wait({.connection = me, .id = "x", .approval = Seq{1}}));
  table.drop(me);
  EXPECT_TRUE(table.take(Seq{1}).empty());
}

}  // namespace
}  // namespace spine::test
