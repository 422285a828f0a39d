// Tests of the clients: WebSocket framing, RPC, HTTP, against a peer that plays the gateway.
#include "adapters/client/rpc_client.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "adapters/http/routes.h"
#include "tests/support/peer.h"

namespace spine::client {
namespace {

using nlohmann::json;
using test::Connection;
using test::hello;
using test::next_request;
using test::Peer;
using test::reply;

constexpr std::uint64_t kPatienceMs = 20'000;

Target target_of(const Peer& peer) {
  return {.port = peer.port(), .token = "secret"};
}

TEST(RpcClient, SaysHelloWithTokenAndScopesAndCalls) {
  json connect;
  json call;
  Peer peer({[&](Connection& c) {
    connect = hello(c);
    call = next_request(c);
    reply(c, call, {{"answer", 42}});
    EXPECT_EQ(c.read_frame().opcode, Opcode::close);
  }});
  {
    auto client = RpcClient::open(target_of(peer), R"(["operator.read"])", in_ms(kPatienceMs));
    ASSERT_TRUE(client) << client.error().message;
    EXPECT_EQ(client->hello().number("protocol"), 4);
    const auto answer = client->call("health", R"({"probe":true})", in_ms(kPatienceMs));
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->ok);
    EXPECT_EQ(answer->payload.number("answer"), 42);
  }
  EXPECT_EQ(connect.at("method"), "connect");
  EXPECT_EQ(connect.at("params").at("auth").at("token"), "secret");
  EXPECT_EQ(connect.at("params").at("scopes"), json::array({"operator.read"}));
  EXPECT_EQ(connect.at("params").at("client").at("id"), "cli");
  EXPECT_EQ(call.at("params").at("probe"), true);
}

TEST(RpcClient, TellsOfEventsThatComeWhileItWaitsForAnAnswer) {
  Peer peer({[](Connection& c) {
    hello(c);
    const json call = next_request(c);
    c.text(R"({"type":"event","event":"chat","payload":{"n":1},"seq":1})");
    c.frame(Opcode::ping, "ping");
    c.text(R"({"type":"res","id":"somebody's","ok":true})");
    c.text(R"({"type":"event","ev)", false);
    c.frame(Opcode::continuation, R"(ent":"tick","payload":{"n":2},"seq":3})");
    reply(c, call, {{"runId", "r"}});
    const Connection::Received pong = c.read_frame();
    EXPECT_EQ(pong.payload, "ping");
    EXPECT_EQ(pong.opcode, Opcode::pong);
  }});
  auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  ASSERT_TRUE(client) << client.error().message;
  std::string told;
  client->on_event([&](std::string_view name, const Json& payload) {
    told += std::string{name} + std::to_string(payload.number("n")) + " ";
  });
  const auto answer = client->call("agent", "{}", in_ms(kPatienceMs));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->payload.text("runId"), "r");
  EXPECT_EQ(told, "chat1 tick2 ");
}

TEST(RpcClient, ARefusalCarriesCodeMessageAndWhenToComeBack) {
  Peer peer({[](Connection& c) {
    hello(c);
    const json call = next_request(c);
    c.text(json{{"type", "res"},
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
    c.text(R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n"}})");
    const json request = next_request(c);
    c.text(json{{"type", "res"},
                {"id", request["id"]},
                {"ok", false},
                {"error", {{"code", "UNAVAILABLE"}, {"message", "starting"}, {"retryable", true}}}}
               .dump());
    c.frame(Opcode::close, std::string("\x03\xf5", 2) + "gateway starting");
  };
  Peer peer({starting, [](Connection& c) { hello(c); }});
  const auto client = RpcClient::open(target_of(peer), "[]", in_ms(kPatienceMs));
  EXPECT_TRUE(client) << client.error().message;
}

TEST(RpcClient, AWrongTokenIsRefusedWithWhereTheTokenIs) {
  Peer peer({[](Connection& c) {
    c.accept_websocket();
    c.text(R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n"}})");
    const json request = next_request(c);
    c.text(
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
    c.text(R"({"type":"event","event":"connect.challenge","payload":{"nonce":"n"}})");
    const json request = next_request(c);
    c.text(json{
        {"type", "res"},
        {"id", request["id"]},
        {"ok", false},
        {"error",
         {{"code", "INVALID_REQUEST"}, {"message", "unauthorized: gateway password mismatch"}}}}
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
    c.frame(Opcode::close, payload + reason);
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
  EXPECT_EQ(http::websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
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
}  // namespace spine::client
