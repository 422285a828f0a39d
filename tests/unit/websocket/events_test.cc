// Pushes of a run, in the order and shape that clients expect.
#include <set>

#include "schemas/vocab/show.h"
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

using Events = NetTest;

// "agent:lifecycle:start", "chat:final", "sessions.changed:end", "session.message:user", ...
std::string summary(const json& frame) {
  const json& payload = frame["payload"];
  const std::string name = frame["event"];
  if (name == "agent") {
    const json& data = payload["data"];
    const std::string stream = payload["stream"];
    return "agent:" + stream +
           (data.contains("phase") ? ":" + data["phase"].get<std::string>() : "");
  }
  if (name == "chat") return "chat:" + payload["state"].get<std::string>();
  if (name == "sessions.changed") {
    return "sessions.changed:" + (payload.contains("phase") ? payload["phase"].get<std::string>()
                                                            : payload["reason"].get<std::string>());
  }
  if (name == "session.message") {
    return "session.message:" + payload["message"]["role"].get<std::string>();
  }
  return name;
}

// Reads events until one with this summary; presence is left out.
std::vector<json> until(ProtocolClient& client, const std::string& last) {
  std::vector<json> frames;
  const auto take = [&](const json& frame) {
    if (frame["event"] != "presence") frames.push_back(frame);
    return summary(frame) == last;
  };
  for (const json& frame : std::exchange(client.events, {})) {
    if (take(frame)) return frames;
  }
  while (true) {
    const json frame = client.next();
    if (frame.is_null()) return frames;
    if (frame["type"] == "event" && take(frame)) return frames;
  }
}

std::vector<std::string> summaries(const std::vector<json>& frames) {
  std::vector<std::string> texts;
  for (const json& frame : frames)
    texts.push_back(summary(frame));
  return texts;
}

json send(ProtocolClient& client, const std::string& key, const std::string& message) {
  return client.call("chat.send",
                     {{"sessionKey", "main"}, {"message", message}, {"idempotencyKey", key}});
}

TEST_F(Events, RunIsPushedInTheObservedOrder) {
  ProtocolClient watcher;
  watcher.hello(port());
  EXPECT_EQ(watcher.call("sessions.subscribe")["payload"]["subscribed"], true);
  ProtocolClient sender;
  sender.hello(port());
  send(sender, "r1", "hello");
  const std::vector<json> frames = until(watcher, "chat:final");
  EXPECT_EQ(summaries(frames),
            (std::vector<std::string>{
                "sessions.changed:send", "session.message:user", "sessions.changed:create",
                "sessions.changed:start", "agent:lifecycle:start", "agent:assistant", "chat:delta",
                "agent:assistant", "chat:delta", "agent:lifecycle:end", "session.message:assistant",
                "sessions.changed:end", "chat:final"}));
}

TEST_F(Events, PayloadsCarryWhatTheControlUiNeeds) {
  std::set<std::string> cursors;
  ProtocolClient watcher;
  watcher.hello(port());
  watcher.call("sessions.subscribe");
  send(watcher, "r1", "hello");
  const std::vector<json> frames = until(watcher, "chat:final");
  std::uint64_t seq = 0;
  for (const json& frame : frames) {
    EXPECT_GT(frame["seq"].get<std::uint64_t>(), seq);
    seq = frame["seq"];
    const json& payload = frame["payload"];
    EXPECT_EQ(payload["sessionKey"], "agent:main:main");
    EXPECT_EQ(payload["agentId"], "main");
    const std::string what = summary(frame);
    if (what == "session.message:user") {
      EXPECT_EQ(payload["message"]["idempotencyKey"], "r1:user");
    }
    if (what == "session.message:assistant") {
      EXPECT_EQ(payload["message"]["__openclaw"]["runId"], "r1");
    }
    if (what == "sessions.changed:start") {
      EXPECT_EQ(payload["session"]["hasActiveRun"], true);
      EXPECT_EQ(payload["session"]["activeRunIds"], json::array({"r1"}));
    }
    if (what == "sessions.changed:end") {
      EXPECT_EQ(payload["session"]["hasActiveRun"], false);
    }
    if (what == "chat:final") {
      EXPECT_EQ(payload["message"]["content"][0]["text"], "echo: hello");
      EXPECT_EQ(payload["stopReason"], "stop");
    }
    if (what != "chat:delta" && what != "agent:assistant") {
      const std::string cursor = payload["cursor"];
      EXPECT_TRUE(cursor.starts_with(show_hex(shared_->epoch) + ".")) << cursor;
      // Each push of an event has a number of its own.
      EXPECT_GE(std::stoul(cursor.substr(cursor.rfind('.') + 1)), 1U) << cursor;
      EXPECT_TRUE(cursors.insert(cursor).second) << cursor;
    }
  }
}

// Puts a text together that came cut, as clients do.
std::string whole_text(ProtocolClient& client, json row) {
  std::string text = row["content"][0]["text"];
  while (row.contains("truncated")) {
    const std::size_t from = row["textNext"];
    EXPECT_EQ(from, text.size());
    row = client.call("chat.history", {{"sessionKey", "main"},
                                       {"limit", 1},
                                       {"cursor", row["historyCursor"]},
                                       {"textFrom", from}})["payload"]["messages"][0];
    text += row["content"][0]["text"].get<std::string>();
    if (text.size() <= from) return text;
  }
  return text;
}

TEST_F(Events, APushCarriesABoundedPieceAndHowToGetTheRest) {
  ProtocolClient client;
  client.hello(port());
  client.call("sessions.subscribe");
  // Each takes six bytes when it is sent; the last character is not cut in two.
  std::string text(300'000, '\x01');
  for (std::size_t i = 0; i < text.size(); i += 3)
    text.replace(i, 3, "\xe2\x82\xac");
  text += std::string(1'500'000, '\x02');
  send(client, "r1", text);
  std::string pieces;
  for (const json& frame : until(client, "chat:final")) {
    const json& payload = frame["payload"];
    EXPECT_LE(frame.dump().size(), 3 * limits::kPushTextBytesMax) << summary(frame);
    const std::string what = summary(frame);
    if (what == "chat:delta") pieces += payload["deltaText"].get<std::string>();
    if (what == "session.message:user") {
      const json& row = payload["message"];
      EXPECT_EQ(row["textBytes"], text.size());
      EXPECT_EQ(row["historyCursor"], std::to_string(payload["messageSeq"].get<int>() + 1));
      EXPECT_EQ(whole_text(client, row), text);
    }
    if (what == "chat:final") {
      EXPECT_EQ(whole_text(client, payload["message"]), "echo: " + text);
    }
  }
  // What is told piece by piece is told as far as the text so far is kept.
  EXPECT_EQ(pieces, "echo: ") << "the second piece is more than is kept of one that is written";
}

TEST_F(Events, ALargePieceIsToldInSeveral) {
  ProtocolClient client;
  client.hello(port());
  const std::string text(100'000, '\x01');
  send(client, "r1", text);
  std::string pieces;
  std::uint64_t seq = 0;
  for (const json& frame : until(client, "chat:final")) {
    EXPECT_LE(frame.dump().size(), 3 * limits::kPushTextBytesMax) << summary(frame);
    if (summary(frame) != "chat:delta") continue;
    pieces += frame["payload"]["deltaText"].get<std::string>();
    EXPECT_GT(frame["payload"]["seq"], seq);
    seq = frame["payload"]["seq"];
  }
  EXPECT_EQ(pieces, "echo: " + text);
}

TEST_F(Events, AHistoryKeepsItsBoundAsSent) {
  ProtocolClient client;
  client.hello(port());
  const std::string text(900'000, '\x01');
  for (const char* key : {"a", "b"}) {
    send(client, key, text);
    until(client, "chat:final");
  }
  json page = client.call("chat.history", {{"sessionKey", "main"}});
  EXPECT_LE(page.dump().size(), limits::kHistoryBytesMax);
  EXPECT_EQ(page["payload"]["messages"].size(), 1U);
  EXPECT_EQ(page["payload"]["hasMore"], true);
  EXPECT_EQ(page["payload"]["messages"][0].contains("truncated"), false);
  page = client.call("chat.history", {{"sessionKey", "main"}, {"maxBytes", 200'000}});
  EXPECT_LE(page.dump().size(), 220'000U);
  EXPECT_EQ(whole_text(client, page["payload"]["messages"][0]), "echo: " + text);
}

TEST_F(Events, DeltasGrowAndShareTheRunsNumbers) {
  ProtocolClient client;
  client.hello(port());
  send(client, "r1", "hello");
  std::uint64_t agent_seq = 0;
  std::string text;
  for (const json& frame : until(client, "chat:final")) {
    const json& payload = frame["payload"];
    if (frame["event"] == "agent") {
      EXPECT_EQ(payload["seq"], agent_seq + 1);
      agent_seq = payload["seq"];
    }
    if (frame["event"] != "chat") continue;
    EXPECT_EQ(payload["seq"], agent_seq);
    if (payload["state"] != "delta") continue;
    text += payload["deltaText"].get<std::string>();
    EXPECT_EQ(payload["message"]["content"][0]["text"], text);
  }
  EXPECT_EQ(text, "echo: hello");
}

TEST_F(Events, FailureAndAbortHaveTheirStates) {
  ProtocolClient client;
  client.hello(port());
  send(client, "f", "fail");
  const json error = until(client, "chat:error").back()["payload"];
  EXPECT_EQ(error["errorMessage"], "it took too long");
  EXPECT_EQ(error["errorKind"], "timeout");
  send(client, "h", "hang");
  client.call("chat.abort", {{"sessionKey", "main"}});
  const json aborted = until(client, "chat:aborted").back()["payload"];
  EXPECT_EQ(aborted["runId"], "h");
  EXPECT_EQ(aborted["stopReason"], "rpc");
}

TEST_F(Events, OnlySubscribersGetMessagesOfASession) {
  ProtocolClient one;
  one.hello(port());
  const json subscribed = one.call("sessions.messages.subscribe", {{"key", "main"}});
  EXPECT_EQ(subscribed["payload"]["key"], "agent:main:main");
  ProtocolClient other;
  other.hello(port());
  other.call("sessions.messages.subscribe", {{"key", "agent:main:else"}});
  ProtocolClient sender;
  sender.hello(port());
  send(sender, "r", "hello");
  const auto got = summaries(until(one, "chat:final"));
  EXPECT_NE(std::find(got.begin(), got.end(), "session.message:user"), got.end());
  EXPECT_EQ(std::find(got.begin(), got.end(), "sessions.changed:send"), got.end());
  const auto rest = summaries(until(other, "chat:final"));
  EXPECT_EQ(std::find(rest.begin(), rest.end(), "session.message:user"), rest.end());
  one.call("sessions.messages.unsubscribe", {{"key", "main"}});
  send(sender, "r2", "again");
  const auto after = summaries(until(one, "chat:final"));
  EXPECT_EQ(std::find(after.begin(), after.end(), "session.message:user"), after.end());
}

TEST_F(Events, ConnectionsWithoutTheReadScopeGetNone) {
  ProtocolClient writer;
  writer.hello(port(), {"operator.approvals"});
  EXPECT_EQ(writer.call("sessions.subscribe")["error"]["code"], "FORBIDDEN");
  EXPECT_EQ(shared_->event_interest.load(), 0U);
}

TEST_F(Events, InterestEndsWithTheConnection) {
  {
    ProtocolClient client;
    client.hello(port());
    client.call("sessions.subscribe");
    client.call("sessions.subscribe");
    EXPECT_EQ(shared_->event_interest.load(), 1U);
    EXPECT_EQ(shared_->session_interest.load(), 1U);
  }
  while (shared_->event_interest.load() != 0 || shared_->session_interest.load() != 0)
    std::this_thread::yield();
}

TEST_F(Events, PresenceTellsWhoCameWithBothCounters) {
  ProtocolClient client;
  client.hello(port());
  client.call("system-presence");
  ProtocolClient second;
  second.hello(port());
  json presence = client.event("presence");
  // The first may still tell of the client's own arrival.
  if (presence["payload"]["presence"].size() < 3) presence = client.event("presence");
  EXPECT_GE(presence["payload"]["presence"].size(), 3U);
  EXPECT_GT(presence["stateVersion"]["presence"], 0);
  EXPECT_GT(presence["stateVersion"]["health"], 0);
}

}  // namespace
}  // namespace spine::test
