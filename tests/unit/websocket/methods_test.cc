// The methods, as a client sees them.
#include <algorithm>
#include <fstream>
#include <set>

#include "adapters/websocket/net/method_table.h"
#include "adapters/websocket/protocol/respond.h"
#include "engine/log/log.h"
#include "tests/unit/pipeline/small_disk.h"
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

using Methods = NetTest;

json chat(const std::string& key, const std::string& message, const std::string& session = "main") {
  return {{"sessionKey", session}, {"message", message}, {"idempotencyKey", key}};
}

TEST_F(Methods, ChannelMessageIsAcknowledgedWithSeqAndSession) {
  config_.default_agent = "none";
  start({});
  ProtocolClient bridge;
  bridge.hello(port(), {"operator.write"});
  const json answer = bridge.call("channel.message", channel_message("m1"));
  ASSERT_EQ(answer["ok"], true) << answer;
  EXPECT_GT(answer["payload"]["seq"], 0);
  EXPECT_EQ(answer["payload"]["sessionKey"], "agent:none:telegram:direct:alice");
  EXPECT_FALSE(answer["payload"].contains("runId"));
  const json again = bridge.call("channel.message", channel_message("m1"));
  EXPECT_EQ(again["payload"]["duplicate"], true);
  EXPECT_EQ(again["payload"]["seq"], answer["payload"]["seq"]);
  // A bridge costs the engine no copies of messages.
  EXPECT_EQ(shared_->session_interest.load(), 0U);
}

TEST_F(Methods, ChannelMessageRefusalsSayWhyAndWhen) {
  config_.channels = {{.name = "closed", .dm_policy = fb::DmPolicy::allowlist}};
  config_.messages_per_minute = 1;
  config_.messages_burst = 1;
  pipeline::SmallDisk disk{limits::kSpaceReservedBytes + 8 * limits::kMiB};
  start({});
  ProtocolClient bridge;
  bridge.hello(port());
  json closed = channel_message("a");
  closed["channel"] = "closed";
  const json rejected = bridge.call("channel.message", closed)["error"];
  EXPECT_EQ(rejected["code"], "FORBIDDEN");
  EXPECT_EQ(rejected["details"]["code"], "MESSAGE_REJECTED");
  EXPECT_EQ(rejected["details"]["reason"], "not_allowed");
  // So many wait for their turn, each for longer than the one before.
  for (std::uint32_t i = 0; i <= limits::kDelayedRunsPerPrincipalMax; ++i) {
    const json message = channel_message("b" + std::to_string(i));
    ASSERT_EQ(bridge.call("channel.message", message)["ok"], true);
  }
  const json limited = bridge.call("channel.message", channel_message("c"))["error"];
  EXPECT_EQ(limited["code"], "UNAVAILABLE");
  EXPECT_EQ(limited["retryable"], true);
  EXPECT_GT(limited["retryAfterMs"], 0);
  // A client is not made to wait, but refused.
  EXPECT_EQ(bridge.call("chat.send", chat("1", "hi"))["ok"], true);
  const json refused = bridge.call("chat.send", chat("2", "hi"))["error"];
  EXPECT_EQ(refused["code"], "UNAVAILABLE");
  EXPECT_EQ(refused["retryable"], true);
  EXPECT_GT(refused["retryAfterMs"], 0);
  EXPECT_LE(refused["retryAfterMs"], 60'000);
  const json full = bridge.call("channel.message",
                                channel_message("d", std::string(7 * limits::kMiB, 'f')))["error"];
  EXPECT_EQ(full["code"], "UNAVAILABLE");
  EXPECT_EQ(full["retryable"], true);
  EXPECT_GT(full["retryAfterMs"], 0);
}

TEST_F(Methods, ChannelMessageNamesTheFieldThatIsWrong) {
  ProtocolClient bridge;
  bridge.hello(port());
  const auto problem = [&](const json& params) {
    return bridge.call("channel.message", params)["error"]["message"].get<std::string>();
  };
  json params = channel_message("x");
  params.erase("externalId");
  EXPECT_EQ(problem(params),
            "invalid channel.message params: must have required property 'externalId'");
  params = channel_message("x");
  params["sender"].erase("id");
  EXPECT_EQ(problem(params),
            "invalid channel.message params: at /sender: must have required property 'id'");
  params = channel_message("x");
  params["conversation"]["kind"] = "party";
  EXPECT_EQ(problem(params),
            "invalid channel.message params: at /conversation/kind: must be equal to one of the "
            "allowed values");
  params = channel_message("x");
  params["timestamp"] = "now";
  EXPECT_EQ(problem(params), "invalid channel.message params: at /timestamp: must be integer");
  params = channel_message("x");
  params["channel"] = std::string(300, 'c');
  EXPECT_EQ(problem(params),
            "invalid channel.message params: at /channel: must NOT have more than 256 bytes");
}

TEST_F(Methods, ScopesAreEnforced) {
  ProtocolClient reader;
  reader.hello(port(), {"operator.read"});
  const json error = reader.call("chat.send", chat("k", "hi"))["error"];
  EXPECT_EQ(error["code"], "FORBIDDEN");
  EXPECT_EQ(error["message"], "missing scope: operator.write");
  EXPECT_EQ(error["details"], json::parse(R"({"code":"MISSING_SCOPE",
    "missingScope":"operator.write","requiredScopes":["operator.write"]})"));
  EXPECT_EQ(reader.call("channel.message", channel_message("q"))["error"]["code"], "FORBIDDEN");
  EXPECT_EQ(reader.call("sessions.delete", {{"key", "x"}})["error"]["code"], "FORBIDDEN");
  ProtocolClient writer;
  writer.hello(port(), {"operator.write"});
  EXPECT_EQ(writer.call("health")["ok"], true);
  ProtocolClient admin;
  admin.hello(port(), {"operator.admin"});
  EXPECT_EQ(admin.call("chat.send", chat("k2", "hi"))["ok"], true);
}

TEST_F(Methods, ChatIsSentOnceAndKeptInHistory) {
  ProtocolClient client;
  client.hello(port());
  const json sent = client.call("chat.send", chat("run-1", "hello"));
  EXPECT_EQ(sent["payload"]["runId"], "run-1");
  EXPECT_EQ(sent["payload"]["status"], "started");
  client.call("agent.wait", {{"runId", "run-1"}});
  EXPECT_EQ(client.call("chat.send", chat("run-1", "hello"))["payload"]["status"], "ok");
  client.call("chat.send", chat("run-2", "hang"));
  EXPECT_EQ(client.call("chat.send", chat("run-2", "hang"))["payload"]["status"], "in_flight");

  const json history = client.call("chat.history", {{"sessionKey", "main"}})["payload"];
  EXPECT_EQ(history["sessionKey"], "agent:main:main");
  EXPECT_EQ(history["hasMore"], false);
  ASSERT_EQ(history["messages"].size(), 3U);
  const json& user = history["messages"][0];
  EXPECT_EQ(user["role"], "user");
  EXPECT_EQ(user["content"][0]["text"], "hello");
  EXPECT_EQ(user["idempotencyKey"], "run-1:user");
  const json& assistant = history["messages"][1];
  EXPECT_EQ(assistant["role"], "assistant");
  EXPECT_EQ(assistant["content"][0]["text"], "echo: hello");
  EXPECT_EQ(assistant["__openclaw"]["runId"], "run-1");
  EXPECT_EQ(assistant["stopReason"], "stop");
  const json page = client.call("chat.history", {{"sessionKey", "main"}, {"limit", 1}})["payload"];
  EXPECT_EQ(page["hasMore"], true);
  EXPECT_EQ(page["messages"].size(), 1U);
  EXPECT_TRUE(page["nextCursor"].is_string());
}

TEST_F(Methods, HistoryOfAnUnknownSessionIsEmpty) {
  ProtocolClient client;
  client.hello(port());
  const json history =
      client.call("chat.history", {{"sessionKey", "agent:main:nobody"}})["payload"];
  EXPECT_EQ(history["messages"], json::array());
  EXPECT_EQ(history["totalMessages"], 0);
}

TEST_F(Methods, AbortStopsTheRunOrSaysThereIsNone) {
  ProtocolClient client;
  client.hello(port());
  const json none = client.call("chat.abort", {{"sessionKey", "main"}})["payload"];
  EXPECT_EQ(none["aborted"], false);
  client.call("chat.send", chat("r", "hang"));
  const json other =
      client.call("chat.abort", {{"sessionKey", "main"}, {"runId", "zzz"}})["payload"];
  EXPECT_EQ(other["aborted"], false);
  const json aborted = client.call("chat.abort", {{"sessionKey", "main"}})["payload"];
  EXPECT_EQ(aborted["ok"], true);
  EXPECT_EQ(aborted["aborted"], true);
  EXPECT_EQ(aborted["runIds"], json::array({"r"}));
}

TEST_F(Methods, AgentAnswersTwiceUnderOneId) {
  ProtocolClient client;
  client.hello(port());
  client.send(ProtocolClient::request("A", "agent", {{"message", "hi"}, {"idempotencyKey", "a1"}}));
  const json accepted = client.response("A");
  EXPECT_EQ(accepted["payload"]["status"], "accepted");
  EXPECT_EQ(accepted["payload"]["runId"], "a1");
  EXPECT_EQ(accepted["payload"]["sessionKey"], "agent:main:main");
  EXPECT_EQ(accepted["payload"]["agentId"], "main");
  const json final = client.response("A");
  EXPECT_EQ(final["payload"]["status"], "ok");
  EXPECT_EQ(final["payload"]["summary"], "completed");
  EXPECT_EQ(final["payload"]["result"]["payloads"][0]["text"], "echo: hi");
  // Asked again, the answer comes again.
  client.send(ProtocolClient::request("B", "agent", {{"message", "hi"}, {"idempotencyKey", "a1"}}));
  EXPECT_EQ(client.response("B")["payload"]["status"], "accepted");
  EXPECT_EQ(client.response("B")["payload"]["result"]["payloads"][0]["text"], "echo: hi");
}

TEST_F(Methods, AgentWaitAnswersAtTheEndOrWhenItsTimeIsOver) {
  ProtocolClient client;
  client.hello(port());
  client.call("chat.send", chat("done", "hi"));
  const json ended = client.call("agent.wait", {{"runId", "done"}})["payload"];
  EXPECT_EQ(ended["status"], "ok");
  EXPECT_EQ(ended["terminalReply"]["text"], "echo: hi");
  client.call("chat.send", chat("fails", "fail"));
  const json failed = client.call("agent.wait", {{"runId", "fails"}})["payload"];
  EXPECT_EQ(failed["status"], "error");
  EXPECT_EQ(failed["error"], "it took too long");
  const json late = client.call("agent.wait", {{"runId", "unknown"}, {"timeoutMs", 1}})["payload"];
  EXPECT_EQ(late["status"], "timeout");
  // Waiting for a run that is stopped by somebody else.
  client.call("chat.send", chat("hangs", "hang"));
  client.send(ProtocolClient::request("W", "agent.wait", {{"runId", "hangs"}}));
  ProtocolClient other;
  other.hello(port());
  other.call("chat.abort", {{"sessionKey", "main"}});
  const json stopped = client.response("W")["payload"];
  EXPECT_EQ(stopped["status"], "error");
  EXPECT_EQ(stopped["error"], "aborted");
}

TEST_F(Methods, SessionsAreListedDescribedResetAndDeleted) {
  ProtocolClient client;
  client.hello(port());
  client.call("chat.send", chat("1", "a"));
  client.call("agent.wait", {{"runId", "1"}});
  client.call("chat.send", chat("2", "b", "agent:main:side"));
  const json list = client.call("sessions.list", {{"limit", 1}})["payload"];
  EXPECT_EQ(list["count"], 1);
  EXPECT_EQ(list["totalCount"], 2);
  EXPECT_EQ(list["hasMore"], true);
  EXPECT_EQ(list["nextOffset"], 1);
  const json row = client.call("sessions.describe", {{"key", "main"}})["payload"]["session"];
  EXPECT_EQ(row["key"], "agent:main:main");
  EXPECT_EQ(row["isMain"], true);
  EXPECT_EQ(row["kind"], "direct");
  EXPECT_EQ(row["model"], "echo");
  EXPECT_EQ(row["modelProvider"], "spine");
  EXPECT_EQ(row["hasActiveRun"], false);
  EXPECT_TRUE(client.call("sessions.describe", {{"key", "nope"}})["payload"]["session"].is_null());
  const json reset = client.call("sessions.reset", {{"key", "main"}})["payload"];
  EXPECT_EQ(reset["ok"], true);
  EXPECT_EQ(reset["entry"]["sessionId"].get<std::string>().size(), 36U);
  EXPECT_EQ(client.call("sessions.reset", {{"key", "nope"}})["error"]["message"],
            "No session found: agent:main:nope");
  EXPECT_EQ(client.call("sessions.delete", {{"key", "main"}})["error"]["message"],
            "Cannot delete the main session (agent:main:main).");
  EXPECT_EQ(client.call("sessions.delete", {{"key", "side"}})["payload"]["deleted"], true);
  EXPECT_EQ(client.call("sessions.delete", {{"key", "side"}})["payload"]["deleted"], false);
}

TEST_F(Methods, GatewayDescribesItself) {
  ProtocolClient client;
  client.hello(port());
  const json health = client.call("health")["payload"];
  EXPECT_EQ(health["defaultAgentId"], "main");
  EXPECT_EQ(health["agents"][0]["agentId"], "main");
  const json status = client.call("status")["payload"];
  EXPECT_EQ(status["runtimeVersion"], "0.1.0-test");
  const json presence = client.call("system-presence")["payload"];
  EXPECT_EQ(presence[0]["mode"], "gateway");
  EXPECT_EQ(presence[1]["mode"], "cli");
  const json agents = client.call("agents.list")["payload"];
  EXPECT_EQ(agents["defaultId"], "main");
  EXPECT_EQ(agents["agents"][0]["model"]["primary"], "spine/echo");
  EXPECT_EQ(client.call("agent.identity.get")["payload"]["agentId"], "main");
  EXPECT_EQ(client.call("agent.identity.get", {{"agentId", "x"}})["error"]["details"]["code"],
            "UNKNOWN_AGENT_ID");
  EXPECT_EQ(client.call("models.list")["payload"]["models"][0]["id"], "spine/echo");
  const json digest = client.call("spine.digest")["payload"];
  EXPECT_EQ(digest["digest"].get<std::string>().size(), 32U);
  std::set<std::string> tables;
  for (const json& table : digest["tables"])
    tables.insert(table["table"]);
  EXPECT_TRUE(tables.contains("sessions")) << digest;
  EXPECT_GT(client.call("spine.status")["payload"]["durableSeq"], 0);
}

TEST_F(Methods, ConfigIsShownWithoutSecrets) {
  ProtocolClient client;
  client.hello(port());
  const json answer = client.call("config.get");
  EXPECT_EQ(answer["payload"]["parsed"]["gateway"]["auth"]["token"], "__OPENCLAW_REDACTED__");
  EXPECT_EQ(json::parse(answer["payload"]["raw"].get<std::string>()), answer["payload"]["parsed"]);
  EXPECT_EQ(answer.dump().find(kToken), std::string::npos);
}

TEST_F(Methods, ConfigSchemaIsServedWholeAndByPath) {
  ProtocolClient client;
  client.hello(port(), {"operator.read"});
  const json whole = client.call("config.schema")["payload"];
  EXPECT_EQ(whole["schema"]["type"], "object") << whole.dump().substr(0, 300);
  EXPECT_TRUE(whole["schema"]["properties"].contains("gateway"));
  EXPECT_EQ(whole["version"], "0.1.0-test");
  const json port_of = client.call("config.schema.lookup", {{"path", "gateway.port"}})["payload"];
  EXPECT_EQ(port_of["path"], "gateway.port");
  EXPECT_EQ(port_of["schema"]["type"], "integer");
  EXPECT_EQ(port_of["reloadKind"], "restart");
  const json gateway = client.call("config.schema.lookup", {{"path", "gateway"}})["payload"];
  EXPECT_NE(std::ranges::find(gateway["children"], "port"), gateway["children"].end()) << gateway;
  const json none = client.call("config.schema.lookup", {{"path", "gateway.nothing"}})["error"];
  EXPECT_EQ(none["code"], "INVALID_REQUEST");
  EXPECT_EQ(none["details"]["code"], "CONFIG_PATH_UNKNOWN");
}

TEST_F(Methods, LogsAreTailedFromACursor) {
  const auto folder =
      std::filesystem::path{::testing::TempDir()} / ("tail-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(log::init({.file = folder / "spine.log", .to_stderr = false}));
  log::Logger{"spine"}.warn("the first line");
  log::Logger{"spine"}.warn("the second line");
  ProtocolClient client;
  client.hello(port());
  const json tail = client.call("logs.tail", {{"limit", 5}})["payload"];
  log::shutdown();
  ASSERT_GE(tail["lines"].size(), 2U) << tail;
  EXPECT_NE(tail.dump().find("the second line"), std::string::npos);
  EXPECT_EQ(tail["cursor"], tail["size"]);
  std::filesystem::remove_all(folder);
}

TEST(MethodTable, WriteSatisfiesReadAndAdminSatisfiesAll) {
  using net::Scope;
  const auto set = [](Scope scope) { return static_cast<net::ScopeSet>(scope); };
  EXPECT_TRUE(net::satisfies(set(Scope::write), Scope::read));
  EXPECT_FALSE(net::satisfies(set(Scope::read), Scope::write));
  EXPECT_TRUE(net::satisfies(set(Scope::admin), Scope::pairing));
  EXPECT_FALSE(net::satisfies(0, Scope::read));
  EXPECT_EQ(net::find_method("no.such"), nullptr);
  for (const net::Method& method : net::methods()) {
    EXPECT_EQ(net::find_method(method.name), &method);
  }
}

// A value that the parameter takes.
json fitting(const net::Param& param) {
  switch (param.type) {
    case net::ParamType::number:
      return param.min;
    case net::ParamType::boolean:
      return true;
    case net::ParamType::list:
      return json::array();
    case net::ParamType::text:
      break;
  }
  for (const char* text : {"xx", "1", "now", "steer", "0123456789abcdef0123456789abcdef.1.1"}) {
    if (param.fits == nullptr || param.fits(text)) return text;
  }
  return "";
}

// A body that reads what its entry does not list stops the gateway.
TEST_F(Methods, BodiesReadOnlyWhatTheirEntriesList) {
  for (const net::Method& method : net::methods()) {
    for (const bool all : {false, true}) {
      json params = json::object();
      for (const net::Param& param : method.params) {
        // (Numbers always: nobody is waited for.)
        const bool given = all || param.required || param.type == net::ParamType::number;
        if (given) params[param.name] = fitting(param);
      }
      ProtocolClient client;
      client.hello(port(), {"operator.admin"});
      const json answer = client.call(std::string{method.name}, params);
      ASSERT_TRUE(answer.contains("ok")) << method.name << params;
      if (answer["ok"] == true || method.name == "channel.message") continue;
      const std::string message = answer["error"]["message"].get<std::string>();
      EXPECT_EQ(message.find("must have required property"), std::string::npos)
          << method.name << message;
    }
  }
}

// Complaints name the first thing that is wrong.
TEST(Arguments, AreCheckedAgainstTheListOfTheMethod) {
  using net::Param;
  const net::ParamList list{net::required_text("name", 4), net::number("limit", 1, 9, 5),
                            net::boolean("yes"), net::list("keys"),
                            Param{.name = "mode",
                                  .max = 8,
                                  .fits = [](std::string_view text) { return text == "on"; },
                                  .or_else = "must be on"}};
  const auto problem = [&](std::string_view text) {
    simdjson::dom::parser parser;
    std::string problem_text;
    net::Params sent{parser.parse(text.data(), text.size()), true, problem_text};
    net::Arguments arguments{list, sent};
    return problem_text;
  };
  EXPECT_EQ(problem("{}"), "must have required property 'name'");
  EXPECT_EQ(problem(R"({"name":""})"), "at /name: must NOT have fewer than 1 characters");
  EXPECT_EQ(problem(R"({"name":"12345"})"), "at /name: must NOT have more than 4 bytes");
  EXPECT_EQ(problem(R"({"name":"a","limit":0})"), "at /limit: must be >= 1");
  EXPECT_EQ(problem(R"({"name":"a","limit":10,"yes":1})"), "at /limit: must be <= 9");
  EXPECT_EQ(problem(R"({"name":"a","yes":1})"), "at /yes: must be boolean");
  EXPECT_EQ(problem(R"({"name":"a","keys":{}})"), "at /keys: must be array");
  EXPECT_EQ(problem(R"({"name":"a","mode":"off"})"), "at /mode: must be on");

  simdjson::dom::parser parser;
  const std::string text = R"({"name":"a","yes":true,"mode":null,"keys":[1,2]})";
  std::string none;
  net::Params sent{parser.parse(text), true, none};
  const net::Arguments arguments{list, sent};
  EXPECT_EQ(none, "");
  EXPECT_EQ(arguments.text("name"), "a");
  EXPECT_EQ(arguments.number("limit"), 5U);
  EXPECT_TRUE(arguments.boolean("yes"));
  EXPECT_EQ(arguments.list("keys").size(), 2U);
  EXPECT_TRUE(sent.has("name"));
  EXPECT_FALSE(sent.has("mode"));
  EXPECT_TRUE(sent.is_null("mode"));
}

template <class Item>
std::vector<std::byte> encoded(const Item& item) {
  pipeline::Sizer sizer;
  Item::list(item, sizer);
  std::vector<std::byte> bytes(sizer.bytes());
  pipeline::Writer writer{bytes.data()};
  Item::list(item, writer);
  return bytes;
}

TEST(Continuation, KeepsItsStateUntilTheAnswerIsThere) {
  struct Told {
    int runs{};
    int gone{};
  };
  struct Then {
    Told* told{};
    std::unique_ptr<int> state{};
    void operator()(net::Responder&, const pipeline::ReplyItem&) { told->runs += *state; }
    void gone(net::Context&, const pipeline::ReplyItem&) { told->gone += *state; }
  };
  Told told;
  net::PendingTable table;
  const std::string long_id(200, 'i');
  const std::uint64_t first = table.add({}, "short", Then{&told, std::make_unique<int>(1)});
  const std::uint64_t second = table.add({}, long_id, Then{&told, std::make_unique<int>(2)});
  const std::uint64_t third = table.add({}, "x", [](net::Responder&, const pipeline::RunItem&) {});
  EXPECT_EQ(table.count(), 3U);
  EXPECT_EQ(table.at(first).id(), "short");
  EXPECT_EQ(table.at(second).id(), long_id);
  EXPECT_EQ(table.at(first).then.takes(), pipeline::ItemKind::reply);
  EXPECT_EQ(table.at(third).then.takes(), pipeline::ItemKind::run);
  const config::Config config{};
  const net::NetOptions options{.config = &config};
  pipeline::Shared shared;
  pipeline::Ingress ingress;
  net::Context net{options, shared, ingress.add_producer(nullptr, nullptr)};
  net::Responder to{net, 0, "id"};
  const std::vector<std::byte> answer = encoded(pipeline::ReplyItem{});
  table.at(first).then.run(to, answer);
  table.at(second).then.run_for_nobody(net, answer);
  table.at(third).then.run_for_nobody(net, answer);
  EXPECT_EQ(told.runs, 1);
  EXPECT_EQ(told.gone, 2);
  table.remove(second);
  EXPECT_EQ(table.add({}, "again", Then{&told, nullptr}), second);
  EXPECT_EQ(table.at(second).id(), "again");
}

}  // namespace
}  // namespace spine::test
