// The handshake over real sockets.
#include <chrono>
#include <thread>

#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

using Handshake = NetTest;

// Sends one frame after the challenge; the error response (null when none came) and the close.
struct Refused {
  json error{};
  std::uint16_t code{};
  std::string reason{};
};

Refused refused(std::uint16_t port, const std::string& frame) {
  ProtocolClient client;
  EXPECT_TRUE(client.greet(port));
  client.ws.send_text(frame);
  Refused result{};
  while (true) {
    const json answer = client.next();
    if (answer.is_null()) break;
    if (answer["type"] == "res") result.error = answer["error"];
  }
  if (client.ws.last_close()) {
    result.code = client.ws.last_close()->close_code();
    result.reason = client.ws.last_close()->close_reason();
  }
  return result;
}

Refused refused_connect(std::uint16_t port, const json& params) {
  return refused(port, ProtocolClient::request("1", "connect", params).dump());
}

json operator_params() {
  return ProtocolClient::connect_params({"operator.read"});
}

TEST_F(Handshake, ChallengeComesFirstWithNonceAndTime) {
  ProtocolClient client;
  ASSERT_TRUE(client.ws.open(port()));
  const json challenge = client.next();
  EXPECT_EQ(challenge["type"], "event");
  EXPECT_EQ(challenge["event"], "connect.challenge");
  EXPECT_EQ(challenge["payload"]["nonce"].get<std::string>().size(), 36U);
  EXPECT_GT(challenge["payload"]["ts"].get<std::int64_t>(), 1'600'000'000'000);
  EXPECT_FALSE(challenge.contains("seq"));
}

TEST_F(Handshake, HelloOkCarriesWhatClientsNeed) {
  ProtocolClient client;
  const json hello = client.hello(port(), {"operator.read", "operator.nonsense"});
  ASSERT_TRUE(hello.is_object());
  EXPECT_EQ(hello["type"], "hello-ok");
  EXPECT_EQ(hello["protocol"], 4);
  EXPECT_EQ(hello["server"]["version"], "0.1.0-test");
  EXPECT_EQ(hello["server"]["connId"].get<std::string>().size(), 36U);
  EXPECT_EQ(hello["auth"]["role"], "operator");
  EXPECT_EQ(hello["auth"]["scopes"], json::array({"operator.read"}));
  EXPECT_EQ(hello["policy"]["maxPayload"], 26'214'400);
  EXPECT_EQ(hello["policy"]["maxBufferedBytes"], 52'428'800);
  EXPECT_EQ(hello["policy"]["tickIntervalMs"], 30'000);
  EXPECT_EQ(hello["snapshot"]["sessionDefaults"]["mainSessionKey"], "agent:main:main");
  EXPECT_EQ(hello["snapshot"]["health"]["defaultAgentId"], "main");
  EXPECT_GE(hello["snapshot"]["presence"].size(), 1U);
}

TEST_F(Handshake, EveryAdvertisedMethodIsServed) {
  ProtocolClient client;
  const json hello = client.hello(port());
  for (const json& method : hello["features"]["methods"]) {
    const json answer = client.call(method.get<std::string>());
    ASSERT_TRUE(answer.is_object()) << method;
    if (answer["ok"] == false) {
      EXPECT_EQ(answer["error"]["message"].get<std::string>().find("unknown method"),
                std::string::npos)
          << answer;
    }
  }
}

TEST_F(Handshake, WrongTokenIsToldAndClosed) {
  json params = operator_params();
  params["auth"]["token"] = "wrong";
  const Refused result = refused_connect(port(), params);
  EXPECT_EQ(result.error["code"], "INVALID_REQUEST");
  EXPECT_TRUE(result.error["message"].get<std::string>().starts_with(
      "unauthorized: gateway token mismatch ("));
  EXPECT_EQ(result.error["details"]["code"], "AUTH_TOKEN_MISMATCH");
  EXPECT_EQ(result.error["details"]["authReason"], "token_mismatch");
  EXPECT_EQ(result.code, 1008);
  EXPECT_EQ(result.reason, result.error["message"].get<std::string>());
}

TEST_F(Handshake, TokenIsAcceptedAsPassword) {
  ProtocolClient client;
  ASSERT_TRUE(client.greet(port()));
  json params = operator_params();
  params["auth"] = {{"password", kToken}};
  client.send(ProtocolClient::request("1", "connect", params));
  EXPECT_EQ(client.response("1")["ok"], true);
}

TEST_F(Handshake, MissingAuthWantsADeviceIdentity) {
  json params = operator_params();
  params.erase("auth");
  const Refused result = refused_connect(port(), params);
  EXPECT_EQ(result.error["code"], "NOT_PAIRED");
  EXPECT_EQ(result.error["message"], "device identity required");
  EXPECT_EQ(result.error["details"]["code"], "DEVICE_IDENTITY_REQUIRED");
  EXPECT_EQ(result.code, 1008);
}

TEST_F(Handshake, AuthModeNoneAsksForNothing) {
  start({.auth_mode = config::AuthMode::none});
  ProtocolClient client;
  ASSERT_TRUE(client.greet(port()));
  json params = operator_params();
  params.erase("auth");
  client.send(ProtocolClient::request("1", "connect", params));
  EXPECT_EQ(client.response("1")["ok"], true);
}

TEST_F(Handshake, OtherProtocolVersionsAreClosedWith1002) {
  json params = operator_params();
  params["minProtocol"] = 5;
  params["maxProtocol"] = 6;
  const Refused result = refused_connect(port(), params);
  EXPECT_EQ(result.error["message"], "protocol mismatch");
  EXPECT_EQ(result.error["details"]["code"], "PROTOCOL_MISMATCH");
  EXPECT_EQ(result.error["details"]["expectedProtocol"], 4);
  EXPECT_EQ(result.error["details"]["clientMinProtocol"], 5);
  EXPECT_EQ(result.code, 1002);
}

TEST_F(Handshake, ProbesMaySpeakProtocolThree) {
  for (const char* mode : {"probe", "cli"}) {
    ProtocolClient client;
    ASSERT_TRUE(client.greet(port()));
    json params = operator_params();
    params["minProtocol"] = 3;
    params["maxProtocol"] = 3;
    params["client"]["mode"] = mode;
    client.send(ProtocolClient::request("1", "connect", params));
    EXPECT_EQ(client.response("1")["ok"], std::string{mode} == "probe");
  }
}

TEST_F(Handshake, ParametersAreCheckedInTheObservedWords) {
  json params = operator_params();
  params["client"]["id"] = "stranger";
  EXPECT_EQ(refused_connect(port(), params).error["message"],
            "invalid connect params: at /client/id: must be equal to one of the allowed values");
  params = operator_params();
  params.erase("client");
  EXPECT_EQ(refused_connect(port(), params).error["message"],
            "invalid connect params: must have required property 'client'");
  params = operator_params();
  params["extra"] = 1;
  EXPECT_EQ(refused_connect(port(), params).error["message"],
            "invalid connect params: at root: unexpected property 'extra'");
  params = operator_params();
  params["minProtocol"] = "4";
  EXPECT_EQ(refused_connect(port(), params).error["message"],
            "invalid connect params: at /minProtocol: must be integer");
  params = operator_params();
  params["role"] = "king";
  const Refused role = refused_connect(port(), params);
  EXPECT_EQ(role.error["message"], "invalid role");
  EXPECT_EQ(role.code, 1008);
}

TEST_F(Handshake, NodesGetNoScopes) {
  ProtocolClient client;
  ASSERT_TRUE(client.greet(port()));
  json params = operator_params();
  params["role"] = "node";
  client.send(ProtocolClient::request("1", "connect", params));
  EXPECT_EQ(client.response("1")["payload"]["auth"]["scopes"], json::array());
  EXPECT_EQ(client.call("health")["error"]["code"], "FORBIDDEN");
}

TEST_F(Handshake, OtherFirstFramesAreRefused) {
  const Refused method =
      refused(port(), ProtocolClient::request("9", "health", json::object()).dump());
  EXPECT_EQ(method.error["message"], "invalid handshake: first request must be connect");
  EXPECT_EQ(method.code, 1008);
  EXPECT_EQ(method.reason, "invalid handshake: first request must be connect");

  const Refused garbage = refused(port(), "{not json");
  EXPECT_TRUE(garbage.error.is_null());
  EXPECT_EQ(garbage.code, 1000);
  EXPECT_EQ(garbage.reason, "");

  const Refused other = refused(port(), R"({"hello":"world"})");
  EXPECT_EQ(other.code, 1008);
  EXPECT_TRUE(other.reason.starts_with("invalid request frame"));
}

TEST_F(Handshake, FramesBeforeHelloAreSmall) {
  const Refused result = refused(port(), std::string(70'000, 'x'));
  EXPECT_EQ(result.code, 1009);
}

TEST_F(Handshake, BinaryFrameWithJsonIsAConnect) {
  ProtocolClient client;
  ASSERT_TRUE(client.greet(port()));
  client.ws.send_frame(ProtocolClient::request("1", "connect", operator_params()).dump(),
                       {.opcode = 2});
  EXPECT_EQ(client.response("1")["ok"], true);
}

TEST_F(Handshake, SecondConnectIsAnError) {
  ProtocolClient client;
  client.hello(port());
  const json answer = client.call("connect", operator_params());
  EXPECT_EQ(answer["error"]["code"], "INVALID_REQUEST");
  EXPECT_EQ(answer["error"]["message"], "connect is only valid as the first request");
  EXPECT_EQ(client.call("health")["ok"], true);
}

TEST_F(Handshake, StartingGatewayAsksToComeAgain) {
  shared_->phase.store(pipeline::Phase::recovering);
  const Refused result = refused_connect(port(), operator_params());
  EXPECT_EQ(result.error["code"], "UNAVAILABLE");
  EXPECT_EQ(result.error["retryable"], true);
  EXPECT_GT(result.error["retryAfterMs"], 0);
  EXPECT_EQ(result.error["details"]["reason"], "startup-sidecars");
  EXPECT_EQ(result.code, 1013);
  EXPECT_EQ(result.reason, "gateway starting");
}

TEST_F(Handshake, SilentConnectionsAreClosed) {
  start({.handshake_ms = 50});
  ProtocolClient client;
  ASSERT_TRUE(client.greet(port()));
  EXPECT_FALSE(client.ws.read_text().has_value());
  ASSERT_TRUE(client.ws.last_close().has_value());
  EXPECT_EQ(client.ws.last_close()->close_code(), 1000);
}

TEST_F(Handshake, RequestsSentWithTheConnectAreAnsweredAfterHello) {
  ProtocolClient client;
  ASSERT_TRUE(client.greet(port()));
  std::string burst =
      WsClient::frame(ProtocolClient::request("1", "connect", operator_params()).dump(), {});
  for (int i = 2; i < 40; ++i) {
    burst += WsClient::frame(
        ProtocolClient::request(std::to_string(i), "agents.list", json::object()).dump(), {});
  }
  client.ws.send_bytes(burst);
  EXPECT_EQ(client.response("1")["payload"]["type"], "hello-ok");
  for (int i = 2; i < 40; ++i)
    EXPECT_EQ(client.response(std::to_string(i))["ok"], true);
}

TEST_F(Handshake, ConnectionsAreCountedAndTheirEndIsReported) {
  {
    ProtocolClient client;
    client.hello(port());
    EXPECT_EQ(shared_->metrics.ws_clients.get(), 1U);
  }
  while (recorded_count(fb::EventBody::ClientDisconnected) == 0)
    std::this_thread::yield();
  EXPECT_EQ(shared_->metrics.ws_clients.get(), 0U);
}

TEST_F(Handshake, ForeignHostsMayNotUpgradeAndForeignPagesNotConnect) {
  WsClient client;
  ASSERT_TRUE(client.connect(port()));
  EXPECT_FALSE(client.upgrade("/", "", "evil.example"));
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 403")) << client.response();
  // A page is told in the protocol's words why it may not.
  ProtocolClient page;
  ASSERT_TRUE(page.ws.connect(port()));
  ASSERT_TRUE(page.ws.upgrade("/", "Origin: http://evil.example\r\n"));
  page.send(ProtocolClient::request("1", "connect", operator_params()));
  const json refused = page.response("1")["error"];
  EXPECT_TRUE(refused["message"].get<std::string>().starts_with("origin not allowed ("));
  EXPECT_EQ(refused["details"]["code"], "CONTROL_UI_ORIGIN_NOT_ALLOWED");
  ASSERT_TRUE(client.connect(port()));
  EXPECT_FALSE(client.upgrade("/?token=abc"));
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 400"));
  ASSERT_TRUE(client.connect(port()));
  EXPECT_TRUE(client.upgrade("/", "Origin: http://127.0.0.1\r\n"));
}

TEST_F(Handshake, DeflateIsNeverAccepted) {
  WsClient client;
  ASSERT_TRUE(client.connect(port()));
  EXPECT_TRUE(client.upgrade("/", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
  EXPECT_EQ(client.response().find("xtensions"), std::string::npos);
  EXPECT_EQ(client.response().find("Server:"), std::string::npos);
}

TEST_F(Handshake, BothLoopbackAddressesAnswerOnOnePort) {
  ProtocolClient client;
  ASSERT_TRUE(client.ws.connect(port(), "::1") || client.ws.connect(port()));
  EXPECT_TRUE(client.ws.upgrade("/", "", "[::1]"));
}

TEST_F(Handshake, TakenPortNamesItsOwner) {
  pipeline::Shared shared;
  pipeline::Ingress ingress;
  config::Config config;
  const auto second = net::NetServer::bind({.port = port(), .config = &config}, shared, ingress);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::in_use);
  const std::string& message = second.error().message;
  EXPECT_TRUE(message.starts_with("Port " + std::to_string(port()) + " is already in use by "))
      << message;
  EXPECT_NE(message.find("pid " + std::to_string(::getpid())), std::string::npos);
  EXPECT_NE(message.find("ss -ltnp"), std::string::npos);
}

// Strangers do not grow the journal one by one: what they were refused is told together, at the
// latest when the gateway ends.
TEST_F(Handshake, RefusalsAreGatheredIntoOneEvent) {
  net::NetOptions options{};
  options.refusal_report_ms = 3'600'000;
  start(std::move(options));
  json params = operator_params();
  params.erase("auth");
  constexpr std::uint64_t kStrangers = 5;
  for (std::uint64_t i = 0; i < kStrangers; ++i)
    EXPECT_EQ(refused_connect(port(), params).error["details"]["code"], "DEVICE_IDENTITY_REQUIRED");
  EXPECT_EQ(recorded_count(fb::EventBody::ConnectsRefused), 0U);
  const auto reports = recorded(fb::EventBody::ConnectsRefused);
  ASSERT_EQ(reports.size(), 1U);
  std::uint64_t refused = 0;
  for (const fb::RefusedConnects* row : *reports[0].as<fb::ConnectsRefused>().refused())
    refused += row->count();
  EXPECT_EQ(refused, kStrangers);
}

TEST_F(Handshake, RefusalsAreToldWhenTheirTimeIsOver) {
  net::NetOptions options{};
  options.refusal_report_ms = 1;
  start(std::move(options));
  json params = operator_params();
  params.erase("auth");
  refused_connect(port(), params);
  while (recorded_count(fb::EventBody::ConnectsRefused) == 0)
    std::this_thread::yield();
}

TEST_F(Handshake, HandingInTwiceWaitsForNobody) {
  server_->hand_in_rest();
  server_->hand_in_rest();
}

}  // namespace
}  // namespace spine::test
