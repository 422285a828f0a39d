// Tests of adapters/outbound/http_client.h: long polls, redirects, which calls run, how they end.
#include <atomic>
#include <condition_variable>
#include <mutex>

#include "tests/unit/outbound/http_client_fixture.h"

namespace spine::test {
namespace {

// ---- connections of their own

// Case 15: the old connection is closed before there is a new one.
TEST_F(HttpClientTest, ALongPollThatTimedOutIsClosedBeforeItIsTold) {
  FaultServer& server = serve([](FaultPeer& peer) {
    peer.request();
    if (peer.number() == 1) peer.wait_for_end();
    peer.answer("[]");
    peer.wait_for_end();
  });
  bool closed = false;
  on_told_ = [&](const HttpResponse&) { closed = server.is_closed(1); };
  HttpRequest request = get();
  request.own_connection = true;
  request.total_ms = 200;
  EXPECT_EQ(call(std::move(request)).outcome, HttpOutcome::unknown);
  EXPECT_TRUE(closed);
  for (int i = 2; i < 4; ++i) {
    HttpRequest again = get();
    again.own_connection = true;
    on_told_ = [&](const HttpResponse&) { closed = server.is_closed(i); };
    EXPECT_EQ(call(std::move(again)).outcome, HttpOutcome::answered);
    EXPECT_TRUE(closed);
    EXPECT_EQ(server.connections(), i);
  }
}

// ---- redirects

TEST_F(HttpClientTest, RedirectsAreFollowedOnlyWhenAskedForAndOnlyToRead) {
  std::string target;
  FaultServer& server = serve([&](FaultPeer& peer) {
    for (std::string text = peer.request(); !text.empty(); text = peer.request()) {
      if (text.find("/there ") != std::string::npos) {
        peer.answer("there");
      } else {
        peer.write(
            "HTTP/1.1 302 Found\r\nRetry-After: 1\r\nLocation: /there\r\n"
            "Content-Length: 2\r\n\r\nno");
      }
    }
  });
  EXPECT_EQ(call(get()).status, 302);
  HttpRequest followed = get();
  followed.follow_redirects = true;
  const HttpResponse response = call(std::move(followed));
  EXPECT_EQ(response.outcome, HttpOutcome::answered) << response.error;
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "there");
  EXPECT_EQ(field(response, "retry-after"), "");
  HttpRequest posted = post();
  posted.follow_redirects = true;
  EXPECT_EQ(call(std::move(posted)).status, 302);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTest, ARedirectToWhatThePolicyForbidsEndsThere) {
  FaultServer inner([](FaultPeer& peer) { peer.answer("secret"); });
  serve([&](FaultPeer& peer) {
    peer.request();
    peer.write("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:" + std::to_string(inner.port()) +
               "/" + kSecret + "\r\nContent-Length: 0\r\n\r\n");
  });
  make({.addresses = {*parse_ip_range("127.0.0.1")}});
  HttpRequest request = get();
  request.follow_redirects = true;
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::unknown);
  EXPECT_THAT(response.error, HasSubstr("127.0.0.2 (loopback), which may not be called"));
  EXPECT_EQ(inner.connections(), 0);
}

// ---- cancelling, bounds, the end

TEST_F(HttpClientTest, CancelledCallsAreToldSoFromTheLoopAndWhetherTheyHadLeft) {
  std::atomic<bool> taken{};
  serve([&](FaultPeer& peer) {
    peer.request();
    taken = true;
    peer.wait_for_end();
  });
  const CallId first = start(post());
  run_until([&] { return taken.load(); });
  const CallId second = start(post());
  client_->cancel(second);
  client_->cancel(first);
  client_->cancel(CallId{999});
  EXPECT_TRUE(told_.empty());
  const HttpResponse early = told();
  EXPECT_EQ(early.outcome, HttpOutcome::cancelled);
  EXPECT_FALSE(early.left);
  const HttpResponse late = told();
  EXPECT_EQ(late.outcome, HttpOutcome::cancelled);
  EXPECT_TRUE(late.left);
  client_->cancel(first);
  ::event_base_loop(base_, EVLOOP_NONBLOCK);
  EXPECT_TRUE(told_.empty());
  EXPECT_EQ(client_->calls(), 0U);
}

TEST_F(HttpClientTest, AFewCallsToOneHostRunAtOnceAndTheOthersInOrder) {
  std::mutex mutex;
  std::condition_variable changed;
  int waiting = 0;
  bool open = false;
  FaultServer& server = serve([&](FaultPeer& peer) {
    while (!peer.request().empty()) {
      std::unique_lock lock(mutex);
      ++waiting;
      changed.notify_all();
      changed.wait(lock, [&] { return open; });
      peer.answer("ok");
    }
  });
  constexpr std::size_t kPolls = 3;
  for (std::size_t i = 0; i < limits::kOutboundCallsPerHostMax + 10; ++i)
    start(post());
  for (std::size_t i = 0; i < kPolls; ++i) {
    HttpRequest poll = get();
    poll.own_connection = true;
    start(std::move(poll));
  }
  constexpr int kAtOnce = static_cast<int>(limits::kOutboundCallsPerHostMax + kPolls);
  run_until([&] {
    const std::scoped_lock lock(mutex);
    return waiting == kAtOnce;
  });
  ::event_base_loop(base_, EVLOOP_NONBLOCK);
  EXPECT_EQ(server.connections(), kAtOnce);
  {
    const std::scoped_lock lock(mutex);
    open = true;
    changed.notify_all();
  }
  run_until([&] { return client_->calls() == 0; });
  for (const HttpResponse& response : told_)
    EXPECT_EQ(response.outcome, HttpOutcome::answered);
  EXPECT_EQ(told_.size(), limits::kOutboundCallsPerHostMax + 10 + kPolls);
  EXPECT_EQ(server.connections(), kAtOnce);
}

TEST_F(HttpClientTest, CallsBeyondTheQueueAreNotSent) {
  serve([](FaultPeer& peer) { peer.wait_for_end(); });
  for (std::size_t i = 0; i < limits::kOutboundQueuedMax + 1; ++i)
    start(post());
  const HttpResponse response = told();
  EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
  EXPECT_THAT(response.error, HasSubstr("Too many calls wait"));
  start(post(std::string(limits::kOutboundBufferedBytesMax, 'x')));
  EXPECT_THAT(told().error, HasSubstr("Too many calls wait"));
}

TEST_F(HttpClientTest, ACallWhoseTimeEndsWhileItWaitsIsNotSent) {
  serve([](FaultPeer& peer) { peer.wait_for_end(); });
  for (std::size_t i = 0; i < limits::kOutboundCallsPerHostMax; ++i)
    start(post());
  HttpRequest request = post();
  request.total_ms = 50;
  const HttpResponse response = call(std::move(request));
  EXPECT_EQ(response.outcome, HttpOutcome::not_sent);
  EXPECT_THAT(response.error, HasSubstr("waited for others until its time was over"));
}

TEST_F(HttpClientTest, StoppingTellsEveryCallAndStartsNoOther) {
  std::atomic<bool> taken{};
  serve([&](FaultPeer& peer) {
    peer.request();
    taken = true;
    peer.wait_for_end();
  });
  for (std::size_t i = 0; i < limits::kOutboundCallsPerHostMax + 3; ++i)
    start(post());
  run_until([&] { return taken.load(); });
  on_told_ = [&](const HttpResponse&) { EXPECT_FALSE(start(post())); };
  client_->stop();
  EXPECT_EQ(told_.size(), limits::kOutboundCallsPerHostMax + 3);
  for (const HttpResponse& response : told_)
    EXPECT_EQ(response.outcome, HttpOutcome::cancelled);
  EXPECT_EQ(client_->calls(), 0U);
}

TEST_F(HttpClientTest, HandlersMayStartCancelAndStop) {
  serve([](FaultPeer& peer) {
    while (!peer.request().empty())
      peer.answer("ok");
  });
  int calls = 0;
  on_told_ = [&](const HttpResponse&) {
    if (++calls == 1) client_->cancel(start(post()));
    if (calls == 2) start(post());
    if (calls == 3) client_->stop();
  };
  start(post());
  run_until([&] { return calls == 3; });
  ASSERT_EQ(told_.size(), 3U);
  EXPECT_EQ(told_[0].outcome, HttpOutcome::answered);
  EXPECT_EQ(told_[1].outcome, HttpOutcome::cancelled);
  EXPECT_EQ(told_[2].outcome, HttpOutcome::answered);
}

}  // namespace
}  // namespace spine::test
