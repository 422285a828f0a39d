// Fetches updates as the poller of Telegram does, by the same client, and throws them away: the
// price of HTTP alone. Prints JSON: the processor time, the time and the bytes.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <event2/event.h>
#include <memory>
#include <string>

#include "adapters/outbound/http_client.h"

namespace spine::bench {
namespace {

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// One poll after the other, each behind the one before.
class Fetcher {
 public:
  Fetcher(event_base* base, std::string url, std::uint64_t polls, std::uint64_t batch)
      : base_(base),
        client_(base, http::OutboundPolicy{.hosts = {"127.0.0.1"}}),
        url_(std::move(url)),
        polls_(polls),
        batch_(batch) {}

  void next() {
    if (done_ == polls_) {
      event_base_loopbreak(base_);
      return;
    }
    const std::string offset = std::to_string(1 + done_ * batch_);
    client_.start({.method = http::HttpMethod::post,
                   .url = url_,
                   .body = "{\"offset\":" + offset + ",\"limit\":100,\"timeout\":30}",
                   .body_max = std::size_t{16} << 20U,
                   .own_connection = true},
                  [this](http::HttpResponse&& response) {
                    bytes_ += response.bytes;
                    failed_ = failed_ || response.status != 200;
                    ++done_;
                    next();
                  });
  }
  std::size_t bytes() const { return bytes_; }
  bool failed() const { return failed_; }

 private:
  event_base* base_;
  http::HttpClient client_;
  std::string url_;
  std::uint64_t polls_;
  std::uint64_t batch_;
  std::uint64_t done_{};
  std::size_t bytes_{};
  bool failed_{};
};

}  // namespace
}  // namespace spine::bench

int main(int count, char** words) {
  if (count != 4) {
    std::fputs("usage: spine-bench-fetch <url of getUpdates> <polls> <updates in each>\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  const std::unique_ptr<event_base, decltype(&event_base_free)> base(event_base_new(),
                                                                     event_base_free);
  spine::bench::Fetcher fetcher(base.get(), words[1], std::stoull(words[2]), std::stoull(words[3]));
  const double began = spine::bench::seconds(CLOCK_MONOTONIC);
  const double used = spine::bench::seconds(CLOCK_PROCESS_CPUTIME_ID);
  fetcher.next();
  event_base_loop(base.get(), EVLOOP_NO_EXIT_ON_EMPTY);
  std::printf("{\"cpu_s\": %.6f, \"seconds\": %.6f, \"bytes\": %zu}\n",
              spine::bench::seconds(CLOCK_PROCESS_CPUTIME_ID) - used,
              spine::bench::seconds(CLOCK_MONOTONIC) - began, fetcher.bytes());
  return fetcher.failed() ? 1 : 0;
}
