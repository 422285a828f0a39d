// Which heads of requests are taken, which are refused, and where each of them ends.
#include "adapters/http/request_head.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "adapters/http/routes.h"
#include "schemas/vocab/limits.h"

namespace spine::test {
namespace {

using http::Field;
using http::RequestHead;
using State = RequestHead::State;

std::string request(std::string_view first, std::string_view fields = "Host: localhost\r\n") {
  return std::string{first} + "\r\n" + std::string{fields} + "\r\n";
}

std::string with(std::string_view fields, std::string_view method = "GET") {
  return request(std::string{method} + " / HTTP/1.1",
                 "Host: localhost\r\n" + std::string{fields} + "\r\n");
}

// 0 = incomplete, 200 = complete, else what it is refused with.
int status_of(std::string_view text) {
  RequestHead head;
  switch (head.read(text)) {
    case State::incomplete:
      return 0;
    case State::complete:
      return 200;
    case State::refused:
      return head.refusal().status;
  }
  return -1;
}

TEST(RequestHead, AnOrdinaryRequestIsRead) {
  const std::string text =
      "GET /a%20b/c?x=%31&y HTTP/1.1\r\nHost: localhost:1\r\nACCEPT-ENCODING:\tgzip \r\n"
      "Connection: keep-alive\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n\r\n";
  const std::string two = text + "GET /next";
  RequestHead head;
  ASSERT_EQ(head.read(two), State::complete);
  EXPECT_EQ(head.bytes(), text.size());
  EXPECT_EQ(head.method(), "GET");
  EXPECT_EQ(head.path(), "/a b/c");
  EXPECT_EQ(head.query(), "x=1&y");
  EXPECT_EQ(head.field(Field::host), "localhost:1");
  EXPECT_EQ(head.field(Field::accept_encoding), "gzip");
  EXPECT_EQ(head.field(Field::x_forwarded_for), "192.0.2.1, 192.0.2.2");
  EXPECT_TRUE(head.keep_alive());
  EXPECT_FALSE(head.has_body());
  EXPECT_FALSE(head.websocket());
}

TEST(RequestHead, EveryBeginningIsIncompleteAndNothingIsWaitedForAfterTheEnd) {
  // Some of the fields are beginnings of others, at the end, too.
  for (const char* last : {"Acc", "Accept", "Sec-WebSocket-Ke", "H", "Content-Lengt"}) {
    const std::string text = with(std::string{last} + ": x");
    RequestHead head;
    for (std::size_t bytes = 0; bytes < text.size(); ++bytes)
      ASSERT_EQ(head.read(std::string_view{text}.substr(0, bytes)), State::incomplete) << bytes;
    EXPECT_EQ(head.read(text), State::complete) << last;
  }
  EXPECT_EQ(status_of("\r\n" + with("A: b")), 200);
  EXPECT_EQ(status_of("\r\n\r\n" + with("A: b")), 400);
}

TEST(RequestHead, ABodyHasOneLengthOrTheRequestIsRefused) {
  for (const char* one : {"Content-Length: 0, 44",
                          "Content-Length: 44, 44",
                          "Content-Length: 44\r\nContent-Length: 44",
                          "Content-Length: 0\r\ncontent-length: 44",
                          "Content-Length: 0x2c",
                          "Content-Length: +5",
                          "Content-Length: -5",
                          "Content-Length: 5 5",
                          "Content-Length:",
                          "Content-Length: 1e3",
                          "Content-Length: 5;",
                          "Content-Length: 99999999999999999999",
                          "Content-Length : 44",
                          "Content-Length\t: 44",
                          " Content-Length: 44",
                          "Transfer-Encoding : chunked",
                          "Transfer-Encoding: chunked\r\nContent-Length: 4",
                          "Content-Length: 4\r\nTransfer-Encoding: identity",
                          "A: b\r\n c: d",
                          "A: b\r\n\tc"}) {
    for (const char* method : {"GET", "POST"})
      EXPECT_EQ(status_of(with(one, method)), 400) << method << " " << one;
  }
  for (const char* one :
       {"Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: xchunked", "Transfer-Encoding: identity",
        "Transfer-Encoding:", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x"}) {
    EXPECT_EQ(status_of(with(one, "POST")), 501) << one;
  }
  RequestHead head;
  ASSERT_EQ(head.read(with("Content-Length: 0")), State::complete);
  EXPECT_TRUE(head.keep_alive());
  ASSERT_EQ(head.read(with("Content-Length: 44")), State::complete);
  EXPECT_EQ(head.body_bytes(), 44U);
  EXPECT_FALSE(head.keep_alive()) << "nobody reads it";
  ASSERT_EQ(head.read(with("Transfer-Encoding: Chunked")), State::complete);
  EXPECT_TRUE(head.has_body());
  EXPECT_FALSE(head.keep_alive());
}

TEST(RequestHead, LinesEndInOneWayAndHoldNoControlCharacters) {
  const std::string good = with("A: b");
  std::string bare = good;
  bare.erase(bare.find("\r\nA"), 1);
  EXPECT_EQ(status_of(bare), 400) << "a bare LF";
  EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: localhost\n\n"), 400);
  EXPECT_EQ(status_of(with("A: b\rB: c")), 400) << "a bare CR";
  EXPECT_EQ(status_of(with("A: b\r\r\nB: c")), 400);
  EXPECT_EQ(status_of(with(std::string{"A: b\0c", 6})), 400) << "a NUL";
  EXPECT_EQ(status_of(with("A: b\x01")), 400);
  EXPECT_EQ(status_of(with("A: b\x7f")), 400);
  EXPECT_EQ(status_of(with("A: \xc3\xa9\t b")), 200);
  for (const char* line : {"no colon", ": x", "A B: x", "A\"B: x", "\xc3\xa9: x", "(a): x"})
    EXPECT_EQ(status_of(with(line)), 400) << line;
}

TEST(RequestHead, TheFirstLineIsJudgedAsSoonAsItIsWrong) {
  EXPECT_EQ(status_of("\x16\x03\x01"), 400) << "TLS where none is spoken";
  EXPECT_EQ(status_of("\r"), 0);
  EXPECT_EQ(status_of("BREW "), 501);
  EXPECT_EQ(status_of("get /"), 501) << "methods have a case";
  EXPECT_EQ(status_of(std::string(33, 'A')), 501);
  EXPECT_EQ(status_of("PRI * HTTP/2.0\r\n"), 505);
  for (const char* line : {"GET", "GET /", "GET / ", " GET / HTTP/1.1", "GET  / HTTP/1.1x",
                           "GET / http/1.1", "GET / HTTP/1.10", "GET / HTTP/1.1 ", "GET / HTTP/x.1",
                           "GET /\tHTTP/1.1", "GET / FTP/1.1"}) {
    EXPECT_EQ(status_of(request(line)), 400) << line;
  }
  for (const char* line : {"GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/1.2", "GET / HTTP/3.0"})
    EXPECT_EQ(status_of(request(line)), 505) << line;
  for (const char* line : {"TRACE / HTTP/1.1", "CONNECT localhost:443 HTTP/1.1", "X / HTTP/1.1"})
    EXPECT_EQ(status_of(request(line)), 501) << line;
  EXPECT_EQ(status_of(request("OPTIONS * HTTP/1.1")), 200);
  EXPECT_EQ(status_of(request("GET / HTTP/1.0", "")), 200) << "older than Host";
  RequestHead head;
  ASSERT_EQ(head.read(request("GET / HTTP/1.0")), State::complete);
  EXPECT_FALSE(head.keep_alive());
}

TEST(RequestHead, AddressesMeanWhatTheySay) {
  for (const char* target : {"/%",
                             "/%4",
                             "/%zz",
                             "/%00",
                             "/a%0d%0ab",
                             "/%7f",
                             "/..",
                             "/../x",
                             "/a/../b",
                             "/a/%2e%2e/b",
                             "/.",
                             "/a/.",
                             "/a b",
                             "/a#b",
                             "a",
                             "*",
                             "http://",
                             "http:///x",
                             "ftp://localhost/",
                             "//host@",
                             "/\xc3\xa9"}) {
    const int status = status_of(request("GET " + std::string{target} + " HTTP/1.1"));
    EXPECT_EQ(status, std::string_view{target} == "//host@" ? 200 : 400) << target;
  }
  RequestHead head;
  ASSERT_EQ(head.read(request("GET /..a/b.c/%C3%A9/?q=%zz HTTP/1.1")), State::complete);
  EXPECT_EQ(head.path(), "/..a/b.c/\xc3\xa9/");
  EXPECT_EQ(head.query(), "q=%zz");
  ASSERT_EQ(head.read(request("GET HTTP://LocalHost?x HTTP/1.1")), State::complete);
  EXPECT_EQ(head.path(), "/");
  EXPECT_EQ(head.query(), "x");
  EXPECT_EQ(status_of(request("GET http://evil.example/ HTTP/1.1")), 400) << "two hosts";
  ASSERT_EQ(head.read(request("GET http://localhost/ HTTP/1.0", "")), State::complete);
  EXPECT_EQ(head.field(Field::host), "localhost");
}

TEST(RequestHead, WhatMayBeGivenOnceIsGivenOnce) {
  EXPECT_EQ(status_of(request("GET / HTTP/1.1", "")), 400);
  for (const char* name : {"Host", "Origin", "Authorization", "Sec-WebSocket-Key"}) {
    const std::string line = std::string{name} + ": localhost\r\n";
    EXPECT_EQ(status_of(request("GET / HTTP/1.1", "Host: localhost\r\n" + line + line)), 400)
        << name;
  }
}

TEST(RequestHead, HeadsAreBounded) {
  const std::size_t most = limits::kHttpHeadBytesMax;
  const std::string empty = with("A: ");
  EXPECT_EQ(status_of(with("A: " + std::string(most - empty.size(), 'b'))), 200);
  EXPECT_EQ(status_of(with("A: " + std::string(most - empty.size() + 1, 'b'))), 431);
  EXPECT_EQ(status_of("GET /" + std::string(most, 'a')), 414);
  EXPECT_EQ(status_of("GET /" + std::string(most, 'a') + " HTTP/1.1\r\n\r\n"), 414);
}

constexpr std::string_view kHandshake =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";

std::string replaced(std::string_view part, std::string_view by) {
  std::string text{kHandshake};
  return text.replace(text.find(part), part.size(), by);
}

TEST(RequestHead, AHandshakeIsWholeOrRefused) {
  RequestHead head;
  ASSERT_EQ(head.read(with(kHandshake)), State::complete);
  EXPECT_TRUE(head.websocket());
  EXPECT_EQ(head.field(Field::websocket_key), "dGhlIHNhbXBsZSBub25jZQ==");
  for (const char* protocol : {"listener", "http", "watched", "chat, superchat", "", "((("}) {
    const std::string asks = "\r\nSec-WebSocket-Protocol: " + std::string{protocol};
    ASSERT_EQ(head.read(with(std::string{kHandshake} + asks)), State::complete);
    EXPECT_TRUE(head.websocket()) << protocol;
  }
  EXPECT_EQ(status_of(with(replaced("Upgrade: websocket", "Upgrade: h2c, WebSocket"))), 200);
  EXPECT_EQ(status_of(with(replaced("Connection: Upgrade", "Connection: keep-alive, upgrade"))),
            200);
  EXPECT_EQ(status_of(with(kHandshake, "POST")), 405);
  EXPECT_EQ(status_of(request("GET / HTTP/1.0",
                              "Host: localhost\r\n" + std::string{kHandshake} + "\r\n")),
            400);
  for (const char* version : {": 8", ": 013", ": 13, 8", ":", ": 14", ": x"})
    EXPECT_EQ(status_of(with(replaced(": 13", version))), 426) << version;
  EXPECT_EQ(status_of(with(replaced("\r\nSec-WebSocket-Version: 13", ""))), 426);
  EXPECT_EQ(status_of(with(replaced("\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", ""))), 400);
  for (const char* key :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25j",
        "dGhlIHNhbXBsZSBub25j-_==", "dGhlIHNhbXBsZSBub25jZWE="}) {
    EXPECT_EQ(status_of(with(replaced("dGhlIHNhbXBsZSBub25jZQ==", key))), 400) << key;
  }
  EXPECT_EQ(status_of(with(replaced("Upgrade: websocket\r\n", ""))), 400);
  EXPECT_EQ(status_of(with(replaced("Connection: Upgrade\r\n", ""))), 400);
  EXPECT_EQ(status_of(with(replaced("Connection: Upgrade", "Connection: upgraded"))), 400);
  EXPECT_EQ(status_of(with(std::string{kHandshake} + "\r\nContent-Length: 3")), 400);
  EXPECT_EQ(status_of(with("Upgrade: h2c\r\nConnection: Upgrade")), 400);
  // Proxies say so of everything that they pass on.
  EXPECT_EQ(status_of(with("Connection: upgrade")), 200);
}

TEST(RequestHead, TheAnswersNameWhatIsSpoken) {
  const std::string answer = http::switching_protocols("dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_NE(answer.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            std::string::npos);
  EXPECT_EQ(answer.find("Protocol:"), std::string::npos);
  std::string text;
  http::render(http::failure(426, "upgrade_required", "x"), {}, text);
  for (const char* line : {"HTTP/1.1 426 Upgrade Required\r\n", "\r\nSec-WebSocket-Version: 13\r\n",
                           "\r\nUpgrade: websocket\r\n", "\r\nConnection: close, Upgrade\r\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace spine::test
