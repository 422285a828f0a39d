// Tests of adapters/outbound/http_client.h: large answers, files and parts.
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/unit/outbound/http_client_fixture.h"

namespace spine::test {
namespace {

TEST_F(HttpClientTest, AnAnswerThatNeverEndsIsCutOff) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.write("1000\r\n" + std::string(4096, 'x') + "\r\n")) {
    }
  });
  HttpRequest request = get();
  request.body_max = 100'000;
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::too_large);
  EXPECT_EQ(response.status, 200);
  EXPECT_LE(response.body.size(), 100'000U);
}

TEST_F(HttpClientTest, FieldsThatNeverEndAreCutOff) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 200 OK\r\n");
    while (peer.write("X-RateLimit-A: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  const HttpResponse response = call(get());
  EXPECT_EQ(response.outcome, HttpOutcome::too_large);
  EXPECT_LE(response.headers.size(), 32U);
}

TEST_F(HttpClientTest, AnswersOfAllCallsShareABound) {
  constexpr std::size_t kMost =
      limits::kOutboundBufferedBytesMax - 4'096;  // the request counts too
  serve([](FaultPeer& peer) {
    while (!peer.request().empty())
      peer.answer(std::string(kMost + (peer.number() == 1 ? 4'096 : 0), 'x'));
  });
  HttpRequest request = get();
  request.body_max = 2 * limits::kOutboundBufferedBytesMax;
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::unknown);
  EXPECT_THAT(response.error, HasSubstr("sent more than there is room for"));
  for (int i = 0; i < 3; ++i) {  // what was taken is given back
    HttpRequest again = get();
    again.body_max = 2 * limits::kOutboundBufferedBytesMax;
    EXPECT_EQ(call(std::move(again)).outcome, HttpOutcome::answered);
  }
}

TEST_F(HttpClientTest, AFileTakesTheBodyOfWhatWasFoundAlone) {
  const std::string body(300'000, 'm');
  serve([&](FaultPeer& peer) {
    peer.request();
    peer.answer(body);
    peer.request();
    peer.answer("gone", "404 Not Found");
  });
  std::string seen;
  for (const bool found : {true, false}) {
    HttpRequest request = get();
    request.file = UniqueFd(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_TRUE(request.file);
    request.on_chunk = [&](ByteSpan bytes) { seen += as_text(bytes); };
    const HttpResponse response = call(std::move(request));
    EXPECT_EQ(response.outcome, HttpOutcome::answered);
    ASSERT_TRUE(response.file);
    struct stat facts {};
    ASSERT_EQ(::fstat(response.file.get(), &facts), 0);
    EXPECT_EQ(static_cast<std::size_t>(facts.st_size), found ? body.size() : 0);
    EXPECT_EQ(response.body, found ? "" : "gone");
    EXPECT_EQ(response.bytes, found ? body.size() : 4);
  }
  EXPECT_EQ(seen, body);
}

TEST_F(HttpClientTest, AFileThatCannotTakeMoreEndsTheTransfer) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.answer(std::string(100, 'x'));
  });
  HttpRequest request = get();
  request.file = UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC | O_NONBLOCK));
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::unknown);
  EXPECT_THAT(response.error, HasSubstr("No space left on device"));
}

TEST_F(HttpClientTest, PartsAreSentWithTheirFiles) {
  const std::string file = make_file("photo", std::string(200'000, 'p') + "end");
  std::string seen;
  FaultServer& server = serve([&](FaultPeer& peer) {
    seen = peer.request();
    peer.answer("ok");
  });
  HttpRequest request = post("");
  request.parts.push_back({.name = "chat_id", .data = "42"});
  request.parts.push_back(
      {.name = "photo", .file_name = "a.jpg", .content_type = "image/jpeg", .path = file});
  EXPECT_EQ(call(std::move(request)).outcome, HttpOutcome::answered);
  server.stop();
  EXPECT_THAT(seen, HasSubstr("name=\"chat_id\"\r\n\r\n42\r\n"));
  EXPECT_THAT(seen, HasSubstr("name=\"photo\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg"));
  EXPECT_THAT(seen, HasSubstr(std::string(1'000, 'p') + "end\r\n--"));
  EXPECT_GT(seen.size(), 200'000U);
}

TEST_F(HttpClientTest, NothingIsSentOfPartsThatCannotBeRead) {
  FaultServer& server = serve([](FaultPeer& peer) { peer.answer(peer.request()); });
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  for (const std::string& name : {path("missing"), path("fifo"), folder_}) {
    HttpRequest request = post("");
    request.parts.push_back({.name = "photo", .path = name});
    const HttpResponse response = call(std::move(request));
    EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
    EXPECT_THAT(response.error, HasSubstr("127.0.0.1")) << name;
  }
  EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace spine::test
