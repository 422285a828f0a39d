// Property of adapters/outbound/http_client.h: outcomes are true, wherever an exchange breaks.
#include <map>
#include <mutex>
#include <random>

#include "tests/unit/outbound/http_client_fixture.h"

namespace spine::test {
namespace {

// Breaks exchanges at random places, and remembers what it has read of which call.
class Breaker {
 public:
  explicit Breaker(unsigned seed) : random_(seed) {}

  void play(FaultPeer& peer) {
    while (true) {
      const unsigned kind = below(10);
      if (kind == 0) return end(peer);  // before anything was read
      if (kind == 1) return note(peer.some(below(200) + kStartBytes)), end(peer);
      const std::string request = peer.request();
      if (request.empty()) return;
      note(request);
      if (kind < 4) return end(peer);
      const std::string answer = make_answer();
      if (kind < 6) return peer.write(answer.substr(0, below(answer.size()))), end(peer);
      peer.write(answer);
      if (kind == 6) return end(peer);
    }
  }

  // How many times something of this call was read.
  int read_of(int call) {
    const std::scoped_lock lock(mutex_);
    return read_[call];
  }

 private:
  unsigned below(std::size_t bound) {
    const std::scoped_lock lock(mutex_);
    return static_cast<unsigned>(random_() % bound);
  }
  void end(FaultPeer& peer) {
    if (below(2) == 0) peer.reset();
  }
  std::string make_answer() {
    return below(2) == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole"
                         : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "2\r\nwh\r\n3\r\nole\r\n0\r\n\r\n";
  }
  // The call's number stands at the start of the request.
  static constexpr std::size_t kStartBytes = 12;  // "POST /123456"
  void note(const std::string& text) {
    const std::scoped_lock lock(mutex_);
    if (text.size() >= kStartBytes) ++read_[std::stoi(text.substr(6, 6))];
  }

  std::mutex mutex_{};
  std::mt19937 random_;
  std::map<int, int> read_{};
};

class HttpOutcomesTest : public HttpClientTest {
 protected:
  void break_calls(int calls, const TestCertificate* certificate = nullptr);
};

void HttpOutcomesTest::break_calls(int calls, const TestCertificate* certificate) {
  Breaker breaker(20'261'130);
  FaultServer& server = serve([&](FaultPeer& peer) { breaker.play(peer); }, certificate);
  std::map<HttpOutcome, int> counts;
  std::vector<HttpOutcome> outcomes;
  for (int i = 0; i < calls; ++i) {
    HttpRequest request = post(std::string(i % 3 == 0 ? 40'000 : 100, 'b'));
    request.url = std::string(tls_ ? "https" : "http") +
                  "://127.0.0.1:" + std::to_string(server.port()) + "/" +
                  std::to_string(100'000 + i) + "/" + kSecret;
    request.own_connection = i % 7 == 0;
    const HttpResponse response = call(std::move(request));
    outcomes.push_back(response.outcome);
    ++counts[response.outcome];
    EXPECT_EQ(response.left, response.outcome != HttpOutcome::not_sent);
    if (response.outcome == HttpOutcome::answered) {
      EXPECT_EQ(response.body, "whole");
    }
  }
  client_.reset();
  server.stop();
  for (int i = 0; i < calls; ++i) {
    const int read = breaker.read_of(100'000 + i);
    const HttpOutcome outcome = outcomes[static_cast<std::size_t>(i)];
    EXPECT_LE(read, 1) << i;
    if (outcome == HttpOutcome::not_sent) {
      EXPECT_EQ(read, 0) << i;
    }
    if (outcome == HttpOutcome::answered) {
      EXPECT_EQ(read, 1) << i;
    }
  }
  EXPECT_GT(counts[HttpOutcome::answered], calls / 10);
  EXPECT_GT(counts[HttpOutcome::unknown], calls / 10);
  EXPECT_EQ(
      counts[HttpOutcome::answered] + counts[HttpOutcome::unknown] + counts[HttpOutcome::not_sent],
      calls);
}

TEST_F(HttpOutcomesTest, AreTrueWhereverAnExchangeBreaks) {
  break_calls(400);
}

TEST_F(HttpOutcomesTest, AreTrueOverTlsToo) {
  const TestCertificate certificate("IP:127.0.0.1");
  certificate.write_to(path("ca.pem"));
  make(loopback(), path("ca.pem"));
  break_calls(200, &certificate);
}

}  // namespace
}  // namespace spine::test
