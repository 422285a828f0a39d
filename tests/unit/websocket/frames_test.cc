// Frames that are cut, glued, malformed, huge or too many, over real sockets.
#include <atomic>
#include <thread>

#include "tests/unit/websocket/fixture.h"
#include "tests/unit/websocket/held_disk.h"

namespace spine::test {
namespace {

using Frames = NetTest;

std::string request_text(const std::string& id, const std::string& method) {
  return ProtocolClient::request(id, method, json::object()).dump();
}

TEST_F(Frames, FragmentedMessageIsOneRequest) {
  ProtocolClient client;
  client.hello(port());
  const std::string text = request_text("f", "agents.list");
  client.ws.send_frame(text.substr(0, 5), {.opcode = 1, .final = false});
  client.ws.send_frame("are you there", {.opcode = 9});
  client.ws.send_frame(text.substr(5, 10), {.opcode = 0, .final = false});
  client.ws.send_frame(text.substr(15), {.opcode = 0});
  bool ponged = false;
  bool answered = false;
  while (!ponged || !answered) {
    const auto frame = client.ws.read_frame();
    ASSERT_TRUE(frame.has_value());
    ponged = ponged || (frame->opcode == 10 && frame->payload == "are you there");
    answered = answered || (frame->opcode == 1 && json::parse(frame->payload)["ok"] == true);
  }
}

TEST_F(Frames, FrameSentByteByByteIsUnderstood) {
  ProtocolClient client;
  client.hello(port());
  for (const char byte : WsClient::frame(request_text("b", "agents.list"), {})) {
    client.ws.send_bytes({&byte, 1});
  }
  EXPECT_EQ(client.response("b")["ok"], true);
}

TEST_F(Frames, ThousandPipelinedRequestsAreAllAnsweredInOrder) {
  ProtocolClient client;
  client.hello(port());
  std::string burst;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = std::to_string(i);
    burst += WsClient::frame(
        ProtocolClient::request(id, "channel.message", channel_message(id, "hello", id)).dump(),
        {});
  }
  client.ws.send_bytes(burst);
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    // Passes over what is told of the runs, and over responses out of order, which are then missed.
    const json answer = client.response(std::to_string(i));
    ASSERT_EQ(answer["ok"], true) << answer;
    const auto seq = answer["payload"]["seq"].get<std::uint64_t>();
    EXPECT_GT(seq, last);
    last = seq;
  }
}

TEST_F(Frames, LargeMessageThatStraddlesReadsIsWhole) {
  ProtocolClient client;
  client.hello(port());
  const std::string text(3'000'000, 'y');
  const json answer = client.call("channel.message", channel_message("big", text));
  EXPECT_EQ(answer["ok"], true) << answer.dump().substr(0, 300);
}

TEST_F(Frames, MessageLargerThanTheBoundIsClosedWith1009) {
  ProtocolClient client;
  client.hello(port());
  // The header alone tells the size: nothing of the payload has to be sent.
  std::string header = WsClient::frame("", {});
  header[1] = static_cast<char>(0x80 | 127);
  header.insert(2, std::string{"\0\0\0\0\x02\0\0\0", 8});
  client.ws.send_bytes(header + "xxxx");
  EXPECT_TRUE(client.next().is_null());
  ASSERT_TRUE(client.ws.last_close().has_value());
  EXPECT_EQ(client.ws.last_close()->close_code(), 1009);
}

TEST_F(Frames, MalformedFramesAreAnsweredAndOthersNoticeNothing) {
  ProtocolClient victim;
  victim.hello(port());
  ProtocolClient client;
  client.hello(port());
  client.ws.send_text(R"({"type":"req","id":"a","method":"health","foo":1})");
  EXPECT_EQ(client.response("a")["error"]["message"],
            "invalid request frame: at root: unexpected property 'foo'");
  client.ws.send_text(R"({"type":"req","id":"b","method":7})");
  EXPECT_EQ(client.response("b")["error"]["message"],
            "invalid request frame: at /method: must be string");
  client.ws.send_text(R"({"type":"req","id":"c"})");
  EXPECT_EQ(client.response("c")["error"]["message"],
            "invalid request frame: must have required property 'method'");
  client.ws.send_text(R"({"type":"res","id":"d","method":"health"})");
  EXPECT_EQ(client.response("d")["ok"], false);
  EXPECT_EQ(client.call("no.such")["error"]["message"], "unknown method: no.such");
  EXPECT_EQ(client.call("chat.history")["error"]["message"],
            "invalid chat.history params: must have required property 'sessionKey'");
  EXPECT_EQ(client.call("chat.history", json::array())["error"]["message"],
            "invalid chat.history params: at root: must be object");
  EXPECT_EQ(victim.call("agents.list")["ok"], true);
  EXPECT_GE(shared_->metrics.frames_refused.get(), 6U);
}

TEST_F(Frames, WhatIsNoJsonIsClosedWith1007) {
  for (const std::string& text :
       {std::string{"{\"type\":\"req\""}, std::string{"[1,2"}, std::string{"\xff\xfe{}"},
        std::string{R"({"type":"req","id":"1","method":"health"} trailing)"},
        std::string(500, '[')}) {
    ProtocolClient client;
    client.hello(port());
    client.ws.send_text(text);
    EXPECT_TRUE(client.next().is_null());
    ASSERT_TRUE(client.ws.last_close().has_value()) << text;
    EXPECT_EQ(client.ws.last_close()->close_code(), 1007) << text;
  }
}

TEST_F(Frames, DeepNestingIsRefused) {
  ProtocolClient client;
  client.hello(port());
  client.ws.send_text(R"({"type":"req","id":"1","method":"health","params":)" +
                      std::string(100, '[') + std::string(100, ']') + "}");
  EXPECT_TRUE(client.next().is_null());
  EXPECT_EQ(client.ws.last_close()->close_code(), 1007);
}

TEST_F(Frames, BrokenFramingIsClosedWith1002AndTheRestIsNotLookedAt) {
  const std::vector<std::string> broken{
      WsClient::frame("x", {.opcode = 3}),
      WsClient::frame("x", {.reserved_bits = 0x40}),
      WsClient::frame("x", {.opcode = 9, .final = false}),
      WsClient::frame("x", {.opcode = 0}),
      WsClient::frame("{}", {.masked = false}),
      WsClient::frame(std::string(126, 'x'), {.opcode = 9}),
      "\x82\xff" + std::string(8, '\xff') + "mask",
  };
  for (const bool known : {true, false}) {
    for (const std::string& bytes : broken) {
      ProtocolClient client;
      if (known) {
        client.hello(port());
      } else {
        ASSERT_TRUE(client.greet(port()));
      }
      client.ws.send_bytes(bytes + WsClient::frame(request_text("x", "health"), {}));
      EXPECT_TRUE(client.next().is_null());
      ASSERT_TRUE(client.ws.last_close().has_value());
      EXPECT_EQ(client.ws.last_close()->close_code(), 1002);
      EXPECT_TRUE(client.ws.at_end());
    }
  }
  ProtocolClient after;
  EXPECT_TRUE(after.hello(port()).is_object());
}

TEST_F(Frames, ACloseIsAnsweredInItsOwnWordsAndTheConnectionEnds) {
  for (const std::string& payload : {std::string{"\x03\xe8"
                                                 "bye"},
                                     std::string{"\x0f\xa0"}, std::string{}}) {
    ProtocolClient client;
    client.hello(port());
    client.ws.send_frame(payload, {.opcode = 8});
    EXPECT_TRUE(client.next().is_null());
    ASSERT_TRUE(client.ws.last_close().has_value());
    EXPECT_EQ(client.ws.last_close()->payload, payload.substr(0, 2));
    EXPECT_TRUE(client.ws.at_end());
  }
}

TEST_F(Frames, WhatComesWithTheHandshakeIsNotLost) {
  WsClient client;
  ASSERT_TRUE(client.connect(port()));
  const std::string connect =
      ProtocolClient::request("c", "connect", ProtocolClient::connect_params({"operator.read"}))
          .dump();
  ASSERT_TRUE(client.upgrade(
      "/", "Sec-WebSocket-Protocol: socket\r\n", "localhost",
      WsClient::frame(connect, {}) + WsClient::frame(request_text("h", "health"), {})));
  std::string all;
  while (all.find("\"id\":\"h\"") == std::string::npos) {
    const auto frame = client.read_frame();
    ASSERT_TRUE(frame.has_value()) << all;
    all += frame->payload;
  }
  EXPECT_NE(all.find("hello-ok"), std::string::npos) << all;
}

TEST_F(Frames, HalfSentFrameDiesWithItsConnection) {
  {
    ProtocolClient client;
    client.hello(port());
    client.ws.send_bytes(WsClient::frame(request_text("x", "health"), {}).substr(0, 10));
  }
  while (recorded_count(fb::EventBody::ClientDisconnected) == 0)
    std::this_thread::yield();
  ProtocolClient after;
  EXPECT_TRUE(after.hello(port()).is_object());
}

TEST_F(Frames, HalfSentMessagesAreBoundedInAll) {
  std::vector<ProtocolClient> clients(4);
  for (ProtocolClient& client : clients)
    ASSERT_TRUE(client.hello(port()).is_object());
  // Each within its own bound, together beyond what the gateway holds.
  const std::string half = WsClient::frame(std::string(26'000'000, 'h'), {.final = false});
  std::size_t cut = 0;
  for (ProtocolClient& client : clients)
    client.ws.send_bytes(half);
  while (cut == 0) {
    for (ProtocolClient& client : clients) {
      if (!client.next(10).is_null() || !client.ws.last_close()) continue;
      EXPECT_EQ(client.ws.last_close()->close_code(), 1013);
      ++cut;
    }
  }
  EXPECT_LT(cut, clients.size());
  ProtocolClient other;
  EXPECT_TRUE(other.hello(port()).is_object());
}

TEST_F(Frames, BinaryFramesMayHoldRequests) {
  ProtocolClient client;
  client.hello(port());
  client.ws.send_frame(request_text("bin", "agents.list"), {.opcode = 2});
  EXPECT_EQ(client.response("bin")["ok"], true);
}

TEST_F(Frames, ParamsMayBeAbsent) {
  ProtocolClient client;
  client.hello(port());
  client.ws.send_text(R"({"type":"req","id":"n","method":"health"})");
  EXPECT_EQ(client.response("n")["ok"], true);
}

TEST_F(Frames, IdsAreEchoedWhateverTheyHold) {
  ProtocolClient client;
  client.hello(port());
  for (const std::string& id :
       {std::string{"12:3f0c2a70-8a4f-4f5e-9c73-6a1f0d1e2b3c"}, std::string{"a\"b\\c\n"},
        std::string(200, 'i'), std::string{"\xc3\xa9\xe2\x82\xac"}}) {
    client.send(ProtocolClient::request(id, "health", json::object()));
    EXPECT_EQ(client.response(id)["id"], id);
  }
}

TEST_F(Frames, SlowConsumerIsClosedAndOthersGoOn) {
  ProtocolClient slow;
  ASSERT_TRUE(slow.ws.connect(port()));
  slow.ws.shrink_receive_buffer();
  ASSERT_TRUE(slow.ws.upgrade());
  slow.next();
  slow.send(
      ProtocolClient::request("c", "connect", ProtocolClient::connect_params({"operator.read"})));
  EXPECT_EQ(slow.response("c")["ok"], true);
  EXPECT_EQ(slow.call("sessions.subscribe")["ok"], true);
  ProtocolClient other;
  other.hello(port());
  // As long as a push carries, so that it is not owed much for one.
  const std::string text(limits::kPushTextBytesMax, 'z');
  for (int i = 0; shared_->metrics.slow_consumers.get() == 0; ++i) {
    ASSERT_LT(i, 1'000);
    // In many sessions: one would be full if the agent were slow.
    const json sent =
        other.call("chat.send", {{"sessionKey", "agent:main:s" + std::to_string(i % 32)},
                                 {"message", text},
                                 {"idempotencyKey", std::to_string(i)}});
    ASSERT_EQ(sent["ok"], true);
    other.event("chat");
  }
  // What was on its way may still arrive whole, then the close frame.
  while (!slow.next(500).is_null()) {
  }
  if (slow.ws.last_close()) {
    EXPECT_EQ(slow.ws.last_close()->close_code(), 1008);
    EXPECT_EQ(slow.ws.last_close()->close_reason(), "slow consumer");
  }
  EXPECT_EQ(other.call("agents.list")["ok"], true);
}

TEST_F(Frames, ClientThatDoesNotReadAndGoesAwayHoldsNothingUp) {
  for (int round = 0; round < 5; ++round) {
    ProtocolClient rude;
    rude.hello(port());
    rude.ws.shrink_receive_buffer();
    rude.call("chat.send", {{"sessionKey", "main"},
                            {"message", std::string(2'000'000, 'm')},
                            {"idempotencyKey", std::to_string(round)}});
    for (int i = 0; i < 10; ++i) {
      rude.send(ProtocolClient::request("h", "chat.history", {{"sessionKey", "main"}}));
    }
    rude.ws.half_close();
    if (round % 2 == 0) rude.ws.read_frame(10);
    rude.ws.close();
    EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200"));
  }
}

TEST_F(Frames, ReadingStopsWhileTheEngineIsBehindAndNothingIsLost) {
  ProtocolClient client;
  client.hello(port());
  auto disk = std::make_unique<HeldDisk>();
  const std::string text(60'000, 'p');
  constexpr int kMessages = 400;  // 24 MB: twice what the blocks of a producer hold
  std::thread sender([&] {
    for (int i = 0; i < kMessages; ++i) {
      const std::string id = std::to_string(i);
      client.ws.send_frame(
          ProtocolClient::request(id, "channel.message", channel_message(id, text, id)).dump(), {});
    }
  });
  while (shared_->metrics.reading_paused.get() == 0)
    std::this_thread::yield();
  disk.reset();
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_EQ(client.response(std::to_string(i))["ok"], true);
  }
  sender.join();
}

TEST_F(Frames, PingsAreSentAndSilenceEndsTheConnection) {
  start({.ping_ms = 300});
  ProtocolClient alive;
  alive.hello(port());
  std::atomic<bool> over{false};
  std::thread reader([&] {
    while (!over.load())
      alive.next(20);  // answers pings
  });
  ProtocolClient dead;
  dead.hello(port());
  // Reads frames without answering pings, until the server gives up.
  bool pinged = false;
  while (const auto frame = dead.ws.read_frame())
    pinged = pinged || frame->opcode == 9;
  EXPECT_TRUE(pinged);
  EXPECT_TRUE(dead.ws.at_end());
  over.store(true);
  reader.join();
  EXPECT_EQ(alive.call("agents.list")["ok"], true);
}

TEST_F(Frames, TicksGoToEveryoneNumberedWithoutGaps) {
  start({.tick_ms = 20});
  ProtocolClient client;
  client.hello(port());
  std::set<int> seqs;
  for (int i = 1; i <= 3; ++i) {
    const json tick = client.event("tick");
    seqs.insert(tick["seq"].get<int>());
    EXPECT_GT(tick["payload"]["ts"].get<std::int64_t>(), 0);
  }
  for (const json& other : client.events) {
    if (other.contains("seq")) seqs.insert(other["seq"].get<int>());
  }
  EXPECT_EQ(*seqs.begin(), 1);
  EXPECT_EQ(*seqs.rbegin(), static_cast<int>(seqs.size()));
}

TEST_F(Frames, StopSaysGoodbye) {
  ProtocolClient client;
  client.hello(port());
  engine_->ask_stop();
  const json event = client.event("shutdown");
  EXPECT_EQ(event["payload"]["reason"], "gateway stopping");
  EXPECT_TRUE(client.next().is_null());
  ASSERT_TRUE(client.ws.last_close().has_value());
  EXPECT_EQ(client.ws.last_close()->close_code(), 1012);
  EXPECT_EQ(client.ws.last_close()->close_reason(), "service restart");
}

TEST_F(Frames, ManyConnectionsComeAndGo) {
  for (int round = 0; round < 3; ++round) {
    std::vector<ProtocolClient> clients(100);
    for (ProtocolClient& client : clients)
      ASSERT_TRUE(client.hello(port()).is_object());
    for (ProtocolClient& client : clients)
      EXPECT_EQ(client.call("agents.list")["ok"], true);
  }
  while (recorded_count(fb::EventBody::ClientDisconnected) != 300)
    std::this_thread::yield();
  EXPECT_EQ(shared_->metrics.ws_connections.get(), 0U);
}

}  // namespace
}  // namespace spine::test
