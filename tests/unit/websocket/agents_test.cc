// agents.*, tools, attempts and merged runs, queue modes: what is told of agents.
#include <set>

#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

using Agents = NetTest;

json tell(ProtocolClient& client, const std::string& key, const std::string& message,
          const json& more = json::object()) {
  json params = {{"sessionKey", "main"}, {"message", message}, {"idempotencyKey", key}};
  params.update(more);
  return client.call("chat.send", params);
}

void hello_with_caps(ProtocolClient& client, std::uint16_t port,
                     const std::vector<std::string>& caps) {
  ASSERT_TRUE(client.greet(port));
  json params = ProtocolClient::connect_params({"operator.read", "operator.write"});
  params["caps"] = caps;
  client.send(ProtocolClient::request("c", "connect", params));
  ASSERT_EQ(client.response("c")["ok"], true);
}

// Everything that came until the run's end, by event and what is in it.
std::vector<json> until_final(ProtocolClient& client) {
  std::vector<json> got;
  while (true) {
    json frame = client.next();
    if (frame.is_null()) return got;
    if (frame["type"] != "event") continue;
    const bool over = frame["event"] == "chat" && (frame["payload"]["state"] == "final" ||
                                                   frame["payload"]["state"] == "error");
    got.push_back(std::move(frame));
    if (over) return got;
  }
}

std::vector<json> tools_in(const std::vector<json>& frames, const std::string& event) {
  std::vector<json> tools;
  for (const json& frame : frames) {
    if (frame["event"] == event && frame["payload"].value("stream", "") == "tool") {
      tools.push_back(frame["payload"]);
    }
  }
  return tools;
}

TEST_F(Agents, ToolsAreToldToWhoCanShowThemAndToWhoWatchesSessions) {
  ProtocolClient capable;
  hello_with_caps(capable, port(), {"tool-events"});
  ProtocolClient watcher;
  watcher.hello(port());
  watcher.call("sessions.subscribe");
  ProtocolClient plain;
  plain.hello(port());
  plain.send(ProtocolClient::request(
      "s", "chat.send", {{"sessionKey", "main"}, {"message", "tool"}, {"idempotencyKey", "r"}}));
  const auto seen = until_final(capable);
  const auto tools = tools_in(seen, "agent");
  ASSERT_EQ(tools.size(), 4U);
  EXPECT_EQ(tools[0]["data"], json::parse(R"({"phase":"start","name":"bash","toolCallId":"call-1",
    "title":"List files","args":{"command":"ls"}})"));
  EXPECT_EQ(tools[1]["data"]["phase"], "result");
  EXPECT_EQ(tools[1]["data"]["isError"], false);
  EXPECT_EQ(tools[1]["data"]["result"]["content"][0]["text"], "a.txt");
  EXPECT_EQ(tools[2]["data"]["args"], "not { json");
  EXPECT_EQ(tools[3]["data"]["isError"], true);
  EXPECT_EQ(tools[3]["data"]["resultBytes"], 900'000);
  EXPECT_TRUE(tools[0]["cursor"].is_string());
  EXPECT_TRUE(tools_in(seen, "session.tool").empty());

  const auto watched = until_final(watcher);
  EXPECT_TRUE(tools_in(watched, "agent").empty());
  ASSERT_EQ(tools_in(watched, "session.tool").size(), 4U);
  EXPECT_EQ(tools_in(watched, "session.tool")[0]["session"]["key"], "agent:main:main");

  const auto plain_seen = until_final(plain);
  EXPECT_TRUE(tools_in(plain_seen, "agent").empty());
  EXPECT_TRUE(tools_in(plain_seen, "session.tool").empty());
}

TEST_F(Agents, ANewAttemptReplacesWhatWasShownUnderTheSameRun) {
  ProtocolClient client;
  client.hello(port());
  client.send(ProtocolClient::request(
      "s", "chat.send", {{"sessionKey", "main"}, {"message", "crash"}, {"idempotencyKey", "r"}}));
  const auto frames = until_final(client);
  std::vector<std::string> order;
  std::uint64_t last_seq = 0;
  for (const json& frame : frames) {
    const json& payload = frame["payload"];
    if (frame["event"] == "agent") {
      EXPECT_EQ(payload["runId"], "r");
      EXPECT_GT(payload["seq"], last_seq);
      last_seq = payload["seq"];
      order.push_back(payload["stream"].get<std::string>() + ":" +
                      payload["data"].value("phase", ""));
    }
    if (frame["event"] == "chat" && payload["state"] == "delta") {
      order.push_back(std::string{payload.value("replace", false) ? "replace " : "delta "} +
                      payload["deltaText"].get<std::string>());
      EXPECT_EQ(payload["message"]["content"][0]["text"].get<std::string>().find("half") == 0,
                payload["deltaText"] == "half an ans");
    }
  }
  EXPECT_EQ(order, (std::vector<std::string>{"lifecycle:start", "assistant:", "delta half an ans",
                                             "run_status:interrupted", "run_status:retrying",
                                             "assistant:", "replace whole",
                                             "assistant:", "delta  answer", "lifecycle:end"}));
  EXPECT_EQ(frames.back()["payload"]["message"]["content"][0]["text"], "whole answer");
}

TEST_F(Agents, NumbersOfARunThatAnotherLifeOfTheGatewayBeganGrowWithItsAttempts) {
  {
    ProtocolClient client;
    ASSERT_FALSE(client.hello(port()).is_null());
    ASSERT_EQ(tell(client, "r", "late")["ok"], true);
  }
  restart();
  ProtocolClient client;
  ASSERT_FALSE(client.hello(port()).is_null());
  ASSERT_EQ(tell(client, "s", "go on", {{"sessionKey", "agent:main:side"}})["ok"], true);
  // The message of "r" is read from the journal by a thread of low priority: on a busy machine that
  // takes its time.
  constexpr int kWaitMs = 60'000;
  while (true) {
    const json frame = client.event("agent", kWaitMs);
    ASSERT_FALSE(frame.is_null());
    const json& payload = frame["payload"];
    if (payload["runId"] != "r") continue;
    EXPECT_EQ(payload["data"]["text"], "the rest");
    EXPECT_EQ(payload["data"]["replace"], true);
    EXPECT_EQ(payload["seq"], 2 * (std::uint64_t{1} << 20U) + 1);
    return;
  }
}

TEST_F(Agents, AMergedRunEndsWithTheAnswerOfTheOther) {
  ProtocolClient client;
  client.hello(port());
  tell(client, "first", "hang");
  client.send(ProtocolClient::request("A", "agent",
                                      {{"message", "join"},
                                       {"idempotencyKey", "second"},
                                       {"sessionKey", "main"},
                                       {"queueMode", "steer"}}));
  EXPECT_EQ(client.response("A")["payload"]["status"], "accepted");
  const json answer = client.response("A")["payload"];
  EXPECT_EQ(answer["runId"], "second");
  EXPECT_EQ(answer["status"], "ok");
  EXPECT_EQ(answer["result"]["payloads"][0]["text"], "for both");
  // Asked for later, all that is known is that another one answered.
  const json later = client.call("agent.wait", {{"runId", "second"}})["payload"];
  EXPECT_EQ(later["status"], "ok");
  EXPECT_EQ(later["stopReason"], "merged");
  bool told = false;
  for (const json& event : client.events) {
    if (event["event"] != "chat" || event["payload"]["runId"] != "second") continue;
    EXPECT_EQ(event["payload"]["state"], "final");
    EXPECT_FALSE(event["payload"].contains("message"));
    told = true;
  }
  EXPECT_TRUE(told);
}

TEST_F(Agents, WhatBecomesOfTheMessageIsPartOfTheFailure) {
  ProtocolClient client;
  client.hello(port());
  client.send(ProtocolClient::request(
      "s", "chat.send", {{"sessionKey", "main"}, {"message", "give up"}, {"idempotencyKey", "r"}}));
  const auto frames = until_final(client);
  const std::string text =
      "The agent crashed 3 times while it worked on this message; it is not tried again. It ended. "
      "Send it again if you want another try.";
  EXPECT_EQ(frames.back()["payload"]["errorMessage"], text);
  EXPECT_EQ(client.call("agent.wait", {{"runId", "r"}})["payload"]["error"], text);
}

TEST_F(Agents, QueueModesAreRecordedAndOddOnesRefused) {
  ProtocolClient client;
  client.hello(port());
  tell(client, "a", "hi");
  for (const char* mode : {"followup", "collect", "interrupt", "queue", "steer+backlog"})
    tell(client, mode, "hi", {{"queueMode", mode}});
  EXPECT_EQ(tell(client, "x", "hi", {{"queueMode", "later"}})["error"]["message"],
            "invalid chat.send params: at /queueMode: must be followup, collect, steer or "
            "interrupt");
  client.call("agent", {{"message", "hi"}, {"idempotencyKey", "g"}, {"queueMode", "collect"}});
  const json steered = client.call("sessions.steer", {{"key", "main"}, {"message", "stop that"}});
  EXPECT_EQ(steered["payload"]["status"], "started") << steered;
  EXPECT_EQ(steered["payload"]["runId"].get<std::string>().size(), 36U);
  client.call("sessions.send", {{"key", "main"}, {"message", "more"}, {"idempotencyKey", "own"}});
  std::vector<fb::QueueMode> modes;
  for (const Recorded& event : recorded(fb::EventBody::MessageReceived))
    modes.push_back(event.as<fb::MessageReceived>().queue_mode());
  using Mode = fb::QueueMode;
  EXPECT_EQ(modes, (std::vector<Mode>{Mode::unset, Mode::followup, Mode::collect, Mode::interrupt,
                                      Mode::followup, Mode::steer, Mode::collect, Mode::interrupt,
                                      Mode::unset}));
}

TEST_F(Agents, BridgesMaySayThatNobodyTrustworthyWroteIt) {
  ProtocolClient bridge;
  bridge.hello(port());
  bridge.call("channel.message", channel_message("m1"));
  json message = channel_message("m2");
  message["untrusted"] = true;
  message["queueMode"] = "steer";
  EXPECT_EQ(bridge.call("channel.message", message)["ok"], true);
  message["externalId"] = "m3";
  message["queueMode"] = "whenever";
  EXPECT_EQ(bridge.call("channel.message", message)["ok"], false);
  const auto messages = recorded(fb::EventBody::MessageReceived);
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_FALSE(messages[0].as<fb::MessageReceived>().untrusted());
  EXPECT_TRUE(messages[1].as<fb::MessageReceived>().untrusted());
  EXPECT_EQ(messages[1].as<fb::MessageReceived>().queue_mode(), fb::QueueMode::steer);
}

TEST_F(Agents, StatusShowsTheReportAndHealthNamesWhoIsDown) {
  ProtocolClient client;
  client.hello(port());
  const json before = client.call("agents.status")["payload"]["agents"];
  EXPECT_EQ(before[0]["id"], "main");
  EXPECT_EQ(before[0]["driver"], "echo");
  EXPECT_EQ(before[0]["state"], "unknown");
  shared_->agents_ready.store(1);
  auto report = std::make_unique<pipeline::AgentsReport>();
  pipeline::AgentReport agent{.id = "main",
                              .driver = "echo",
                              .state = "quarantined",
                              .problem = "it crashed 5 times",
                              .sandbox = "bubblewrap",
                              .running = 1,
                              .queued = 2,
                              .starts = 6,
                              .crashes = 5,
                              .runs_failed = 3};
  agent.latency[2] = 3;
  agent.latency_sum_ms = 150;
  agent.instances.push_back({.number = 6, .pid = 4711, .state = "ready", .resident_bytes = 1024});
  report->agents.push_back(agent);
  shared_->agents.put(std::move(report));
  const json row = client.call("agents.status", {{"agentId", "main"}})["payload"]["agents"][0];
  EXPECT_EQ(row["state"], "quarantined");
  EXPECT_EQ(row["problem"], "it crashed 5 times");
  EXPECT_EQ(row["crashes"], 5);
  EXPECT_EQ(row["meanRunMs"], 50);
  EXPECT_EQ(row["instances"][0]["pid"], 4711);
  EXPECT_EQ(client.call("agents.status", {{"agentId", "x"}})["error"]["details"]["code"],
            "UNKNOWN_AGENT_ID");
  EXPECT_EQ(client.call("health")["payload"]["agentsDown"][0]["agentId"], "main");
  const std::string health = get("/health");
  EXPECT_NE(health.find(R"("status":"degraded")"), std::string::npos) << health;
  EXPECT_NE(health.find("agent main is quarantined"), std::string::npos) << health;
  EXPECT_EQ(health.find("it crashed"), std::string::npos) << health;
}

TEST_F(Agents, RestartAndResetAreForAdminsAndSayWhetherAnythingChanged) {
  ProtocolClient client;
  client.hello(port());
  const json restarted = client.call("agents.restart", {{"agentId", "main"}})["payload"];
  EXPECT_EQ(restarted, json::parse(R"({"ok":true,"agentId":"main","changed":true})"));
  EXPECT_EQ(client.call("agents.reset", {{"agentId", "main"}})["payload"]["changed"], false);
  const json unknown = client.call("agents.restart", {{"agentId", "nobody"}})["error"];
  EXPECT_EQ(unknown["details"]["code"], "UNKNOWN_AGENT_ID");
  EXPECT_EQ(unknown["message"], "unknown agent id \"nobody\" (configured: main)");
  EXPECT_EQ(client.call("agents.reset")["error"]["message"],
            "invalid agents.reset params: must have required property 'agentId'");
  ProtocolClient writer;
  writer.hello(port(), {"operator.write"});
  EXPECT_EQ(writer.call("agents.restart", {{"agentId", "main"}})["error"]["code"], "FORBIDDEN");
}

}  // namespace
}  // namespace spine::test
