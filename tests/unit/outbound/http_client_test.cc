// Tests of adapters/outbound/http_client.h: what is said of a call, by what the other side does.
#include <atomic>

#include "tests/unit/outbound/http_client_fixture.h"
#include "tests/unit/outbound/test_names.h"

namespace spine::test {
namespace {

// ---- answered

TEST_F(HttpClientTest, AWholeAnswerIsAnsweredWhateverItsStatus) {
  serve([](FaultPeer& peer) {
    EXPECT_THAT(peer.request(), HasSubstr("POST /bot"));
    peer.write(
        "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 33\r\nContent-Type: text/plain\r\n"
        "X-RateLimit-Reset-After:  1.5 \r\nSet-Cookie: a=b\r\nContent-Length: 4\r\n\r\nslow");
  });
  const HttpResponse response = call(post());
  EXPECT_EQ(response.outcome, HttpOutcome::answered);
  EXPECT_TRUE(response.left);
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.body, "slow");
  EXPECT_EQ(field(response, "retry-after"), "33");
  EXPECT_EQ(field(response, "content-type"), "text/plain");
  EXPECT_EQ(field(response, "content-length"), "4");
  EXPECT_EQ(field(response, "x-ratelimit-reset-after"), "1.5");
  EXPECT_EQ(response.headers.size(), 4U);
}

TEST_F(HttpClientTest, EveryMethodArrivesWithItsFieldsAndBody) {
  std::vector<std::string> seen;
  FaultServer& server = serve([&](FaultPeer& peer) {
    for (std::string text = peer.request(); !text.empty(); text = peer.request()) {
      seen.push_back(text);
      if (text.starts_with("HEAD")) {
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
      } else {
        peer.answer("ok");
      }
    }
  });
  for (const HttpMethod method : {HttpMethod::get, HttpMethod::head, HttpMethod::post,
                                  HttpMethod::put, HttpMethod::patch, HttpMethod::del}) {
    HttpRequest request = get();
    request.method = method;
    request.headers.push_back({"X-Empty", ""});
    if (method == HttpMethod::put) request.body = "a=b";
    if (method == HttpMethod::put) request.content_type = "application/x-www-form-urlencoded";
    EXPECT_EQ(call(std::move(request)).outcome, HttpOutcome::answered);
  }
  server.stop();
  ASSERT_EQ(seen.size(), 6U);
  const char* starts[] = {"GET /", "HEAD /", "POST /", "PUT /", "PATCH /", "DELETE /"};
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_TRUE(seen[i].starts_with(starts[i])) << seen[i];
    EXPECT_THAT(seen[i], HasSubstr(std::string("Authorization: ") + kSecret + "\r\n"));
    EXPECT_THAT(seen[i], HasSubstr("X-Empty:\r\n"));
    EXPECT_THAT(seen[i], HasSubstr("User-Agent: Spine/"));
  }
  EXPECT_THAT(seen[2], HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(seen[3], HasSubstr("Content-Type: application/x-www-form-urlencoded\r\n"));
  EXPECT_TRUE(seen[3].ends_with("\r\n\r\na=b"));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, PiecesOfAChunkedAnswerAreJoined) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    peer.write("7\r\n, world\r\n0\r\n\r\n");
  });
  const HttpResponse response = call(get());
  EXPECT_EQ(response.outcome, HttpOutcome::answered);
  EXPECT_EQ(response.body, "hello, world");
}

TEST_F(HttpClientTest, InterimAnswersAreNotTheAnswer) {
  std::string head;
  FaultServer& server = serve([&](FaultPeer& peer) {
    head = peer.head();
    peer.write("HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n");
    peer.write("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
    peer.wait_for_end();
  });
  const HttpResponse response = call(post(std::string(2 * limits::kMiB, 'a')));
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(field(response, "retry-after"), "");
  client_->stop();
  client_.reset();
  server.stop();
  EXPECT_THAT(head, Not(HasSubstr("Expect")));
}

TEST_F(HttpClientTest, ARefusalBeforeTheWholeRequestWasSentIsAnAnswer) {
  serve([](FaultPeer& peer) {
    peer.head();
    peer.write("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    peer.wait_for_end();
  });
  const HttpResponse response = call(post(std::string(3 * limits::kMiB, 'a')));
  EXPECT_EQ(response.outcome, HttpOutcome::answered) << response.error;
  EXPECT_EQ(response.status, 413);
}

TEST_F(HttpClientTest, WhatComesAfterTheAnnouncedLengthIsNoPartOfTheAnswer) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok, and more");
  });
  const HttpResponse response = call(get());
  EXPECT_EQ(response.outcome, HttpOutcome::answered);
  EXPECT_EQ(response.body, "ok");
}

TEST_F(HttpClientTest, ConnectionsAreUsedAgain) {
  FaultServer& server = serve([](FaultPeer& peer) {
    while (!peer.request().empty())
      peer.answer("ok");
  });
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(call(post()).outcome, HttpOutcome::answered);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, AConnectionThatWasClosedMeanwhileIsReplaced) {
  FaultServer& server = serve([](FaultPeer& peer) {
    peer.request();
    peer.answer("ok");
  });
  for (int i = 1; i < 4; ++i) {
    EXPECT_EQ(call(post()).outcome, HttpOutcome::answered);
    server.wait_for_ended(i);
    EXPECT_EQ(server.connections(), i);
  }
}

// ---- not sent

TEST_F(HttpClientTest, NothingIsSentToAPortThatRefuses) {
  serve([](FaultPeer&) {}).stop();
  const HttpResponse response = call(post());
  EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
  EXPECT_FALSE(response.left);
  EXPECT_EQ(response.status, 0);
  EXPECT_EQ(response.error, "127.0.0.1:" + std::to_string(server_->port()) +
                                " could not be connected to (Connection refused): check that it "
                                "runs and that a firewall lets this machine reach it. Nothing was "
                                "sent.");
}

TEST_F(HttpClientTest, NothingIsSentToANameThatIsNotKnown) {
  serve([](FaultPeer&) {});
  HttpRequest request = post();
  request.url = url("no-such-name.example");
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
  EXPECT_THAT(response.error, HasSubstr("The name no-such-name.example is not known"));
}

TEST_F(HttpClientTest, NothingIsSentToAServerThatIsSilentBeforeTls) {
  const TestCertificate certificate("IP:127.0.0.1");
  serve([](FaultPeer& peer) { peer.wait_for_end(); });
  tls_ = true;
  HttpRequest request = post();
  request.connect_ms = 100;
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
  EXPECT_THAT(response.error, HasSubstr("could not be connected to in 100 ms"));
}

TEST_F(HttpClientTest, NothingIsSentWhenTheOtherSideSpeaksNoTlsOrCloses) {
  serve([](FaultPeer& peer) {
    if (peer.number() == 1) peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });
  tls_ = true;
  for (int i = 0; i < 2; ++i) {
    const HttpResponse response = call(post());
    EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
    EXPECT_THAT(response.error, HasSubstr("No connection to 127.0.0.1:"));
  }
}

TEST_F(HttpClientTest, ACertificateOfNobodyIsRefusedUnlessItsFileIsNamed) {
  const TestCertificate certificate("IP:127.0.0.1");
  const std::string file = path("ca.pem");
  certificate.write_to(file);
  std::string seen;
  FaultServer& server = serve(
      [&](FaultPeer& peer) {
        seen += peer.request();
        peer.answer("over TLS");
      },
      &certificate);
  const HttpResponse refused = call(post());
  EXPECT_EQ(refused.outcome, HttpOutcome::not_sent);
  EXPECT_FALSE(refused.left);
  EXPECT_THAT(refused.error, HasSubstr("is not accepted (self-signed certificate)"));
  make(loopback(), file);
  const HttpResponse accepted = call(post());
  EXPECT_EQ(accepted.outcome, HttpOutcome::answered) << accepted.error;
  EXPECT_EQ(accepted.body, "over TLS");
  server.stop();
  EXPECT_EQ(seen.find("POST"), seen.rfind("POST"));
}

TEST_F(HttpClientTest, ACertificateForAnotherNameIsRefused) {
  const TestCertificate certificate("DNS:other.example");
  certificate.write_to(path("ca.pem"));
  make(loopback(), path("ca.pem"));
  serve([](FaultPeer& peer) { peer.answer(peer.request()); }, &certificate);
  const HttpResponse response = call(post());
  EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
  EXPECT_THAT(response.error, HasSubstr("it is for another name"));
}

TEST_F(HttpClientTest, NothingIsSentThatThePolicyForbids) {
  FaultServer& server = serve([](FaultPeer& peer) { peer.answer("secret"); });
  test_names().addresses["evil.example"] = {"127.0.0.1"};
  make(OutboundPolicy{});
  for (const char* host : {"127.0.0.1", "localhost", "evil.example"}) {
    HttpRequest request = post();
    request.url = url(host);
    const HttpResponse response = call(std::move(request));
    EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
    EXPECT_THAT(response.error, HasSubstr("may not be called")) << host;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(HttpClientTest, NothingIsSentOfARequestThatIsNone) {
  FaultServer& server = serve([](FaultPeer& peer) { peer.answer("ok"); });
  std::vector<HttpRequest> bad(6);
  for (HttpRequest& request : bad)
    request = post();
  bad[0].headers.push_back({"X-A", std::string("a\r\nX-B: ") + kSecret});
  bad[1].headers.push_back({"X A", "a"});
  bad[2].method = HttpMethod::get;
  bad[3].parts.push_back({.name = "a"});
  bad[4].url = std::string("ftp://x/") + kSecret;
  bad[5].content_type = "a\nb";
  for (HttpRequest& request : bad) {
    EXPECT_EQ(call(std::move(request)).outcome, HttpOutcome::not_sent);
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(HttpClientTest, TheFasterOfAHostsAddressesIsTaken) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.answer("ok");
  });
  test_names().addresses["both.example"] = {"::1", "127.0.0.1"};
  HttpRequest request = post();
  request.url = url("both.example");
  EXPECT_EQ(call(std::move(request)).outcome, HttpOutcome::answered);
}

// Listens on ::1 and takes no connection: packets to it are dropped, as where a route is broken.
class SilentIpv6 {
 public:
  explicit SilentIpv6(std::uint16_t port) {
    sockaddr_in6 at{};
    at.sin6_family = AF_INET6;
    at.sin6_addr = in6addr_loopback;
    at.sin6_port = htons(port);
    const auto* address = reinterpret_cast<const sockaddr*>(&at);
    fds_.push_back(make_socket());
    works_ = ::bind(fds_[0], address, sizeof at) == 0 && ::listen(fds_[0], 0) == 0;
    for (int i = 0; works_ && i < 3; ++i) {  // these fill its queue
      fds_.push_back(make_socket());
      ::connect(fds_.back(), address, sizeof at);
    }
  }
  ~SilentIpv6() {
    for (const int fd : fds_)
      ::close(fd);
  }
  SilentIpv6(const SilentIpv6&) = delete;
  SilentIpv6& operator=(const SilentIpv6&) = delete;
  bool works() const { return works_; }

 private:
  static int make_socket() {
    return ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }
  std::vector<int> fds_{};
  bool works_{};
};

// Case 16.
TEST_F(HttpClientTest, AnAddressThatIsSilentIsPassedOver) {
  FaultServer& server = serve([](FaultPeer& peer) {
    peer.request();
    peer.answer("ok");
  });
  const SilentIpv6 silent(server.port());
  if (!silent.works()) GTEST_SKIP() << "no IPv6 here";
  test_names().addresses["broken.example"] = {"::1", "127.0.0.1"};
  test_names().addresses["silent6.example"] = {"::1"};
  HttpRequest request = post();
  request.url = url("broken.example");
  EXPECT_EQ(call(std::move(request)).outcome, HttpOutcome::answered);
  HttpRequest alone = post();
  alone.url = url("silent6.example");
  alone.connect_ms = 100;
  EXPECT_EQ(call(std::move(alone)).outcome, HttpOutcome::not_sent);
}

TEST_F(HttpClientTest, ASilentNameServerHoldsUpNobody) {
  FaultServer& server = serve([](FaultPeer& peer) {
    peer.request();
    peer.answer("ok");
  });
  TestNames& all = test_names();
  all.addresses["silent.example"] = {};
  HttpRequest request = post();
  request.url = url("silent.example");
  HttpRequest late = post();
  late.url = url("silent.example");
  late.connect_ms = 50;
  const CallId id = start(std::move(request));
  run_until([&] {
    const std::scoped_lock lock(all.mutex);
    return all.asked > 0;
  });
  EXPECT_EQ(call(post()).outcome, HttpOutcome::answered);
  const HttpResponse timed_out = call(std::move(late));
  EXPECT_EQ(timed_out.outcome, HttpOutcome::not_sent);
  client_->cancel(id);
  const HttpResponse cancelled = told();
  EXPECT_EQ(cancelled.outcome, HttpOutcome::cancelled);
  EXPECT_FALSE(cancelled.left);
  std::unique_lock lock(all.mutex);
  EXPECT_EQ(all.answered, 0);  // all that happened while the name server was silent
  all.released = true;
  all.changed.notify_all();
  all.changed.wait(lock, [&] { return all.answered == all.asked; });
  EXPECT_EQ(server.connections(), 1);
}

// ---- unknown

TEST_F(HttpClientTest, ARequestThatWasTakenAndNotAnsweredIsUnknown) {
  serve([](FaultPeer& peer) { peer.request(); });
  const HttpResponse response = call(post());
  EXPECT_EQ(response.outcome, HttpOutcome::unknown);
  EXPECT_TRUE(response.left);
  EXPECT_EQ(response.status, 0);
  EXPECT_THAT(response.error, HasSubstr("Whether it acted on the request is not known."));
}

TEST_F(HttpClientTest, ARequestThatIsNotAnsweredInTimeIsUnknown) {
  serve([](FaultPeer& peer) { peer.wait_for_end(); });
  HttpRequest request = post();
  request.total_ms = 100;
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::unknown);
  EXPECT_THAT(response.error, HasSubstr("gave no whole answer in"));
}

TEST_F(HttpClientTest, OverTlsToo) {
  const TestCertificate certificate("IP:127.0.0.1");
  certificate.write_to(path("ca.pem"));
  make(loopback(), path("ca.pem"));
  serve(
      [](FaultPeer& peer) {
        peer.request();
        if (peer.number() == 2) peer.wait_for_end();
      },
      &certificate);
  EXPECT_EQ(call(post()).outcome, HttpOutcome::unknown);
  HttpRequest request = post();
  request.total_ms = 500;
  EXPECT_EQ(call(std::move(request)).outcome, HttpOutcome::unknown);
}

TEST_F(HttpClientTest, HalfAnAnswerIsUnknownAndItsStatusIsKept) {
  const char* answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n"};
  serve([&](FaultPeer& peer) {
    peer.request();
    peer.write(answers[peer.number() - 1]);
  });
  for (int i = 0; i < 3; ++i) {
    const HttpResponse response = call(post());
    EXPECT_EQ(response.outcome, HttpOutcome::unknown);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "hello");
  }
}

TEST_F(HttpClientTest, AnAnswerThatEndsWithinItsFieldsIsUnknown) {
  const char* answers[] = {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n",
                           "HTTP/1.1 200 OK\r\n \r\n", "HTTP/1.1 200 OK\r\nContent-Le"};
  serve([&](FaultPeer& peer) {
    peer.request();
    peer.write(answers[peer.number() - 1]);
  });
  for (int i = 0; i < 4; ++i) {
    const HttpResponse response = call(post());
    EXPECT_EQ(response.outcome, HttpOutcome::unknown) << i;
    EXPECT_EQ(response.status, 200);
  }
}

TEST_F(HttpClientTest, WhatIsNoHttpIsUnknown) {
  const char* answers[] = {"SSH-2.0-OpenSSH_9\r\n", "HTTP/1.1 2", "\r\n\r\n",
                           "\xff\xfe\x00garbage"};
  serve([&](FaultPeer& peer) {
    peer.request();
    peer.write(answers[peer.number() - 1]);
  });
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(call(post()).outcome, HttpOutcome::unknown) << i;
}

TEST_F(HttpClientTest, ARequestThatHasLeftIsNotSentAgainOnAnotherConnection) {
  std::atomic<int> requests{};
  FaultServer& server = serve([&](FaultPeer& peer) {
    while (!peer.request().empty()) {
      if (++requests % 2 == 0) return;
      peer.answer("ok");
    }
  });
  EXPECT_EQ(call(post()).outcome, HttpOutcome::answered);
  const HttpResponse response = call(post());
  EXPECT_EQ(response.outcome, HttpOutcome::unknown);
  EXPECT_THAT(response.error, HasSubstr("closed the connection without an answer"));
  client_.reset();
  server.stop();
  EXPECT_EQ(requests, 2);
}

TEST_F(HttpClientTest, ATransferInWhichNothingMovesEnds) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nh");
    peer.wait_for_end();
  });
  HttpRequest request = get();
  request.idle_ms = 100;
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::unknown);
  EXPECT_EQ(response.body, "h");
  EXPECT_THAT(response.error, HasSubstr("sent no byte for 100 ms"));
}

TEST_F(HttpClientTest, ATransferThatIsSlowerThanItsIdleTimeButMovesGoesOn) {
  serve([](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n");
    for (int i = 0; i < 13 && !peer.ends_within_ms(100); ++i)
      peer.write("x");
  });
  HttpRequest request = get();
  request.idle_ms = 1'000;
  EXPECT_EQ(call(std::move(request)).body, "xxxxxxxxxxxxx");
}

}  // namespace
}  // namespace spine::test
