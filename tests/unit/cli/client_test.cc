// Tests of the clients: WebSocket framing, RPC, HTTP, against a peer that plays the gateway.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "adapters/cli/http_get.h"
#include "adapters/cli/rpc_client.h"
#include "adapters/cli/verbs.h"
#include "tests/unit/cli/peer.h"

namespace spine::cli {
namespace {

using nlohmann::json;

constexpr unsigned kText = 1;
constexpr std::uint64_t kPatienceMs = 20'000;

Target target_of(const Peer& peer) {
  return {.port = peer.port(), .token = "secret"};
}

// The gateway's part of a handshake; returns the connect request.
json hello(Connection& c) {
  c.accept_websocket();
  c.frame(kText, R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":1}})");
  unsigned opcode = 0;
  json request = json::parse(c.read_frame(opcode));
  c.frame(kText, json{{"type", "res"},
                      {"id", request["id"]},
                      {"ok", true},
                      {"payload", {{"type", "hello-ok"}, {"protocol", 4}}}}
                     .dump());
  return request;
}

void reply(Connection& c, const json& request, const json& payload) {
  c.frame(kText,
          json{{"type", "res"}, {"id", request["id"]}, {"ok", true}, {"payload", payload}}.dump());
}

json next_request(Connection& c) {
  unsigned opcode = 0;
  return json::parse(c.read_frame(opcode));
}

TEST(RpcClient, SaysHelloWithTokenAndScopesAndCalls) {
  json connect;
  json call;
  Peer peer({[&](Connection& c) {
    connect = hello(c);
    call = next_request(c);
    reply(c, call, {{"answer", 42}});
    unsigned opcode = 0;
    c.read_frame(opcode);
    EXPECT_EQ(opcode, 8U);
  }});
  {
    auto client = RpcClient::open(target_of(peer), R"(["operator.read"])", in_ms(kPatienceMs));
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_EQ(json::parse(client->hello()).at("protocol"), 4);
    const auto answer = client->call("health", R"({"probe":true})", in_ms(kPatienceMs));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->ok);
    EXPECT_EQ(json::parse(answer->payload).at("answer"), 42);
  }
  EXPECT_EQ(connect.at("method"), "connect");
  EXPECT_EQ(connect.at("params").at("auth").at("token"), "secret");
  EXPECT_EQ(connect.at("params").at("scopes"), json::array({"operator.read"}));
  EXPECT_EQ(connect.at("params").at("client").at("id"), "cli");
  EXPECT_EQ(call.at("params").at("probe"), true);
}

TEST(RpcClient, KeepsEventsThatComeWhileItWaitsForAnAnswer) {
  Peer peer({[](Connection& c) {
    hello(c);
    const json call = next_request(c);
    c.frame(kText, R"({"type":"event","event":"chat","payload":{"n":1},"seq":1})");
    c.frame(9, "ping");
    reply(c, call, {{"runId", "r"}});
    c.frame(kText, R"({"type":"event","event":"tick","payload":{"ts":1},"seq":2})");
    c.frame(kText, R"({"type":"event","ev)", false);
    c.frame(0, R"(ent":"chat","payload":{"n":2},"seq":3})");
    unsigned opcode = 0;
    EXPECT_EQ(c.read_frame(opcode), "ping");
    EXPECT_EQ(opcode, 10U);
  }});
  auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_TRUE(client) << client.error().message;
  ASSERT_TRUE(client->call("agent", "{}", in_ms(kPatienceMs)));
  for (const int n : {1, 2}) {
    const auto event = client->wait_event("chat", in_ms(kPatienceMs));
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(json::parse(*event).at("n"), n);
  }
}

TEST(RpcClient, GivesBothAnswersOfAMethodThatHasTwo) {
  Peer peer({[](Connection& c) {
    hello(c);
    const json call = next_request(c);
    reply(c, call, {{"status", "accepted"}});
    reply(c, call, {{"status", "ok"}});
  }});
  auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_TRUE(client) << client.error().message;
  const auto first = client->call("agent", "{}", in_ms(kPatienceMs));
  const auto second = client->next_answer(in_ms(kPatienceMs));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(json::parse(first->payload).at("status"), "accepted");
  EXPECT_EQ(json::parse(second->payload).at("status"), "ok");
}

TEST(RpcClient, ARefusalCarriesCodeMessageAndWhenToComeBack) {
  Peer peer({[](Connection& c) {
    hello(c);
    const json call = next_request(c);
    c.frame(kText, json{{"type", "res"},
                        {"id", call["id"]},
                        {"ok", false},
                        {"error",
                         {{"code", "UNAVAILABLE"},
                          {"message", "slow down"},
                          {"retryable", true},
                          {"retryAfterMs", 1500}}}}
                       .dump());
  }});
  auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_TRUE(client) << client.error().message;
  const auto answer = client->call("chat.send", "{}", in_ms(kPatienceMs));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_FALSE(answer->ok);
  EXPECT_EQ(answer->code, "UNAVAILABLE");
  EXPECT_EQ(answer->message, "slow down");
  EXPECT_TRUE(answer->retryable);
  EXPECT_EQ(answer->retry_after_ms, 1500U);
}

TEST(RpcClient, AsksAgainWhileTheGatewayStarts) {
  const auto starting = [](Connection& c) {
    c.accept_websocket();
    c.frame(kText, R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n"}})");
    const json request = next_request(c);
    c.frame(kText,
            json{{"type", "res"},
                 {"id", request["id"]},
                 {"ok", false},
                 {"error", {{"code", "UNAVAILABLE"}, {"message", "starting"}, {"retryable", true}}}}
                .dump());
    c.frame(8, std::string("\x03\xf5", 2) + "gateway starting");
  };
  Peer peer({starting, [](Connection& c) { hello(c); }});
  const auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  EXPECT_TRUE(client) << client.error().message;
}

TEST(RpcClient, AWrongTokenIsRefusedWithWhereTheTokenIs) {
  Peer peer({[](Connection& c) {
    c.accept_websocket();
    c.frame(kText, R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n"}})");
    const json request = next_request(c);
    c.frame(
        kText,
        json{{"type", "res"},
             {"id", request["id"]},
             {"ok", false},
             {"error",
              {{"code", "INVALID_REQUEST"}, {"message", "unauthorized: gateway token mismatch"}}}}
            .dump());
  }});
  const auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::refused);
  EXPECT_NE(client.error().message.find("<state-dir>/token"), std::string::npos);
}

TEST(RpcClient, AWrongPasswordIsRefusedWithWhereThePasswordIs) {
  Peer peer({[](Connection& c) {
    c.accept_websocket();
    c.frame(kText, R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n"}})");
    const json request = next_request(c);
    c.frame(kText, json{{"type", "res"},
                        {"id", request["id"]},
                        {"ok", false},
                        {"error",
                         {{"code", "INVALID_REQUEST"},
                          {"message", "unauthorized: gateway password mismatch"}}}}
                       .dump());
  }});
  const auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message.find("gateway.auth.password"), std::string::npos);
  EXPECT_EQ(client.error().message.find("<state-dir>/token"), std::string::npos);
}

TEST(RpcClient, ALostConnectionIsUnavailable) {
  Peer peer({[](Connection& c) {
    hello(c);
    next_request(c);
  }});
  auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_TRUE(client) << client.error().message;
  const auto answer = client->call("agent.wait", "{}", in_ms(kPatienceMs));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
}

// The client's error after the gateway closed with `code` instead of answering a call.
Error close_instead_of_answer(int code, const std::string& reason) {
  Peer peer({[&](Connection& c) {
    hello(c);
    next_request(c);
    std::string payload(1, static_cast<char>(code / 256));
    payload += static_cast<char>(code % 256);
    c.frame(8, payload + reason);
  }});
  auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  if (!client) return client.error();
  const auto answer = client->call("agent.wait", "{}", in_ms(kPatienceMs));
  return answer ? Error{} : answer.error();
}

TEST(RpcClient, OnlyAClosePromisingMoreIsWorthAnotherTry) {
  for (const int code : {1012, 1013})
    EXPECT_EQ(close_instead_of_answer(code, "later").code, Errc::unavailable) << code;
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 4000}) {
    const Error error = close_instead_of_answer(code, "because");
    EXPECT_EQ(error.code, Errc::refused) << code;
    EXPECT_EQ(error.message,
              "The gateway closed the connection: " + std::to_string(code) + " because");
  }
}

TEST(RpcClient, NobodyListeningNamesTheAddressAndTheCommand) {
  std::uint16_t port = 0;
  {
    Peer peer({[](Connection&) {}});
    port = peer.port();
    ASSERT_TRUE(Socket::connect("127.0.0.1", port, in_ms(kPatienceMs)));
  }
  const auto client = RpcClient::open({.port = port}, "[]", in_ms(kPatienceMs));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::unavailable);
  EXPECT_TRUE(client.error().message.starts_with("Connection refused")) << client.error().message;
  EXPECT_NE(client.error().message.find("127.0.0.1:" + std::to_string(port)), std::string::npos);
  EXPECT_NE(client.error().message.find("spine start"), std::string::npos);
}

TEST(WsClient, AServerThatDoesNotSpeakWebSocketIsRefused) {
  Peer peer({[](Connection& c) {
    c.read_to("\r\n\r\n");
    c.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  }});
  const auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::refused);
  EXPECT_NE(client.error().message.find("404"), std::string::npos);
}

TEST(WsClient, TheAcceptKeyIsThatOfTheRfc) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WsClient, AMaskedFrameFromTheServerBreaksTheProtocol) {
  Peer peer({[](Connection& c) {
    c.accept_websocket();
    c.write(std::string("\x81\x81\x01\x02\x03\x04x", 7));
  }});
  const auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, Errc::corrupt);
}

TEST(Send, AMessageThatStartsNoRunIsNotWaitedFor) {
  std::string after;
  Peer peer({[&](Connection& c) {
    hello(c);
    const json call = next_request(c);
    reply(c, call, {{"runId", call["params"]["idempotencyKey"]}, {"status", "ok"}, {"run", false}});
    unsigned opcode = 0;
    after = c.read_frame(opcode);
    EXPECT_EQ(opcode, 8U) << after;
  }});
  Arguments args;
  args.common.port = peer.port();
  args.common.token = "secret";
  args.common.config = "/nonexistent/openclaw.json";
  args.common.state_dir = "/nonexistent";
  args.send.words = {"/reset"};
  ::testing::internal::CaptureStdout();
  const int code = send(args);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "Recorded; no agent run was started.\n");
  EXPECT_EQ(code, kExitOk);
}

TEST(HttpGet, ReadsStatusAndBody) {
  std::string request;
  Peer peer({[&](Connection& c) {
    request = c.read_to("\r\n\r\n");
    c.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nhello and more");
  }});
  const auto response = http_get({.port = peer.port()}, "/ready", in_ms(kPatienceMs));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(response->body, "hello");
}

TEST(HttpGet, WhatIsNotHttpIsSaidSo) {
  Peer peer({[](Connection& c) { c.write("SSH-2.0-OpenSSH\r\n"); }});
  const auto response = http_get({.port = peer.port()}, "/", in_ms(kPatienceMs));
  ASSERT_FALSE(response);
}

}  // namespace
}  // namespace spine::cli
