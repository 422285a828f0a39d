// HTTP on the WebSocket's port, over real sockets.
#include "tests/unit/pipeline/small_disk.h"
#include "tests/unit/websocket/fixture.h"

namespace spine::test {
namespace {

using HttpServer = NetTest;

std::string body_of(const std::string& response) {
  const std::size_t end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

TEST_F(HttpServer, HealthSaysHealthyWithCounts) {
  shared_->agents_ready.store(1);
  ProtocolClient client;
  client.hello(port());
  for (const char* path : {"/health", "/healthz"}) {
    const std::string response = get(path);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
    const json body = json::parse(body_of(response));
    EXPECT_EQ(body["ok"], true);
    EXPECT_EQ(body["status"], "healthy");
    EXPECT_EQ(body["connections"], 1);
    EXPECT_EQ(body["agents"], 1);
    EXPECT_TRUE(body["uptime"].is_number_integer());
  }
}

TEST_F(HttpServer, ReadyIsHonest) {
  EXPECT_TRUE(get("/ready").starts_with("HTTP/1.1 200"));
  pipeline::SmallDisk disk{limits::kSpaceReservedBytes / 2};
  start({});
  while (shared_->disk_full.load() == 0)
    std::this_thread::yield();
  const std::string response = get("/readyz");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 503"));
  EXPECT_EQ(json::parse(body_of(response))["failing"], json::array({"disk_full"}));
  disk.set_bytes(512 * limits::kMiB);
  while (shared_->disk_full.load() != 0)
    std::this_thread::yield();
  shared_->phase.store(pipeline::Phase::recovering);
  EXPECT_EQ(json::parse(body_of(get("/ready")))["failing"], json::array({"recovering"}));
  shared_->phase.store(pipeline::Phase::ready);
}

TEST_F(HttpServer, MetricsAreServedAsText) {
  const std::string response = get("/metrics");
  EXPECT_NE(response.find("Content-Type: text/plain; version=0.0.4"), std::string::npos);
  EXPECT_NE(response.find("\nspine_ws_clients 0\n"), std::string::npos);
}

TEST_F(HttpServer, UnknownPathsAndVerbsSaySo) {
  EXPECT_TRUE(get("/nothing").starts_with("HTTP/1.1 404 Not Found\r\n"));
  const std::string post = http(
      "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
      "Connection: close\r\n\r\nabc");
  EXPECT_TRUE(post.starts_with("HTTP/1.1 405")) << post;
  EXPECT_NE(post.find("Allow: GET, HEAD\r\n"), std::string::npos);
  const std::string large = http(
      "POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_TRUE(large.starts_with("HTTP/1.1 413")) << large;
}

TEST_F(HttpServer, HeadHasNoBodyAndTheSameLength) {
  const std::string head =
      http("HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200")) << head;
  EXPECT_EQ(body_of(head), "");
  EXPECT_NE(head.find("Content-Length: "), std::string::npos);
}

TEST_F(HttpServer, EveryAnswerCarriesTheSecurityHeaders) {
  for (const char* path : {"/", "/health", "/nothing"}) {
    const std::string response = get(path);
    for (const char* header : {"X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer",
                               "Permissions-Policy: ", "Cache-Control: no-store"}) {
      EXPECT_NE(response.find(header), std::string::npos) << path << header;
    }
    EXPECT_EQ(response.find("Server:"), std::string::npos);
  }
}

TEST_F(HttpServer, ForeignHostsAreRefused) {
  EXPECT_TRUE(http("GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 403"));
  EXPECT_TRUE(http("GET /health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                   "Connection: close\r\n\r\n")
                  .starts_with("HTTP/1.1 403"));
}

TEST_F(HttpServer, ConnectionsAreKeptAlive) {
  WsClient client;
  ASSERT_TRUE(client.connect(port()));
  const std::string two = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send_bytes(two + "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string answers = client.read_all();
  EXPECT_NE(answers.find("\"status\":"), std::string::npos);
  EXPECT_NE(answers.find("\"ready\":true"), std::string::npos) << answers;
}

TEST_F(HttpServer, OtherUpgradesAndProxyingAreRefused) {
  EXPECT_TRUE(http("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                   "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
                  .starts_with("HTTP/1.1 400"));
  for (const char* first : {"CONNECT example.com:443", "TRACE /", "BREW /"}) {
    EXPECT_TRUE(http(std::string{first} + " HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .starts_with("HTTP/1.1 501"));
  }
  EXPECT_TRUE(get("/health").starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServer, WhatFollowsABodyOrADoubtIsNoRequest) {
  const std::string second = "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const char* field : {"Content-Length: 45", "Content-Length: 0, 45", "Content-Length : 45",
                            "Transfer-Encoding: chunked", "Transfer-Encoding : chunked",
                            "A: b\r\n c: d", "A: b\rc: d", "A: b\nc: d"}) {
    const std::string answers = http("GET /healthz HTTP/1.1\r\nHost: localhost\r\n" +
                                     std::string{field} + "\r\n\r\n" + second);
    EXPECT_TRUE(answers.starts_with("HTTP/1.1 ")) << field;
    EXPECT_EQ(answers.find("HTTP/1.1 ", 1), std::string::npos) << field << answers;
    EXPECT_NE(answers.find("\r\nConnection: close\r\n"), std::string::npos) << field;
  }
}

TEST_F(HttpServer, AnAnswerArrivesAlthoughItsBodyIsNotRead) {
  const std::string body(200'000, 'b');
  const std::string answer =
      http("POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" + body);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 405")) << answer;
}

TEST_F(HttpServer, GarbageIsAnsweredAndEndsOnlyItsConnection) {
  EXPECT_TRUE(http(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + "\r\n\r\n")
                  .starts_with("HTTP/1.1 400"));
  EXPECT_TRUE(
      http("GET " + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 414"));
  EXPECT_TRUE(get("/" + std::string(20'000, 'a')).starts_with("HTTP/1.1 414"));
  EXPECT_TRUE(get("/health").starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServer, AHandshakeMayFollowARequest) {
  const std::string answers = [this] {
    WsClient client;
    if (!client.connect(port())) return std::string{};
    client.send_bytes(
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" +
        WsClient::frame("", {.opcode = 8}));
    return client.read_all();
  }();
  EXPECT_TRUE(answers.starts_with("HTTP/1.1 200")) << answers;
  EXPECT_NE(answers.find("HTTP/1.1 101"), std::string::npos) << answers;
  EXPECT_NE(answers.find("connect.challenge"), std::string::npos) << answers;
}

}  // namespace
}  // namespace spine::test
