// HttpClient: calls to others over HTTP and TLS, by libcurl on the loop thread.
#pragma once

#include <cstdint>
#include <curl/curl.h>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapters/loop/timer.h"
#include "adapters/outbound/http_call.h"
#include "adapters/outbound/transfer.h"
#include "schemas/vocab/ids.h"

namespace spine::http {

using CallId = Id<struct CallIdTag, std::uint64_t>;

// Every call is held to the policy, however it is named or redirected; proxies that the environment
// names are not used. Connections are kept for the next call to the same host. Names are looked up
// on threads of libcurl's own, and of a host's IPv6 and IPv4 addresses the faster one is taken.
// Bounded by limits::kOutbound...: what is above them waits, in order per host, or is not sent.
//
// A call whose request has left is never repeated by itself: whoever made it reads the outcome.
//
// Thread: that of `base`, all calls; the base outlives it. REQUIRES: the process ignores SIGPIPE.
class HttpClient {
 public:
  // Called once per call, from the loop: never from within start() or cancel(). It may call the
  // client, but not destroy it. Must not throw.
  using Handler = std::function<void(HttpResponse&&)>;

  // `ca_file`: PEM of the authorities that are trusted; empty: those of this machine.
  HttpClient(event_base* base, OutboundPolicy policy, std::string ca_file = {});
  ~HttpClient();  // stop()
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // A request that cannot be sent, also because too many wait, is not_sent. After stop() nothing is
  // started: the id is none and the handler is dropped.
  CallId start(HttpRequest request, Handler handler);
  // The handler is told so from the loop; no effect on a call that has ended.
  void cancel(CallId id);
  // Cancels every call and tells the handlers before it returns. No handler is called afterwards.
  void stop();

  // Neither ended nor told so.
  std::size_t calls() const { return calls_; }

 private:
  // A call that waits for its turn.
  struct Waiting {
    CallId id{};
    HttpRequest request{};
    Handler handler{};
    OutboundUrl url{};
    std::uint64_t until_us{};  // its time is over then
    std::size_t bytes{};       // taken from the budget
  };
  struct Ended {
    Handler handler{};
    HttpResponse response{};
    std::size_t bytes{};
  };
  struct Running;
  struct Watch;
  struct FreeMulti {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  void turn();
  void cancel_asked();
  void end_overdue();
  void tell();
  void start_waiting();
  bool may_run(const Waiting& call) const;
  void run(Waiting call);
  void end(Running& running, CURLcode code, Transfer::End how);
  void end(Waiting& call, HttpOutcome outcome, std::string error);
  void idle(Running& running);
  Running& free_running();

  void act(curl_socket_t fd, int what);
  void take_results();
  void watch(Running& running, curl_socket_t fd, int what, Watch* watch);
  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int on_timer(CURLM*, long ms, void* self);
  static void on_ready(evutil_socket_t fd, short what, void* watch);

  event_base* base_;
  TransferRules rules_;
  loop::Timer turn_;
  loop::Timer curl_timer_;
  loop::Timer overdue_;
  std::unique_ptr<CURLM, FreeMulti> multi_;
  std::vector<std::unique_ptr<Watch>> watches_{};  // all, ever made; some are free
  std::vector<Watch*> free_watches_{};
  std::vector<std::unique_ptr<Running>> running_{};  // likewise
  std::deque<Waiting> waiting_{};
  std::deque<Ended> ended_{};
  std::vector<CallId> cancels_{};
  std::uint64_t last_id_{};
  std::size_t calls_{};
  bool in_curl_{};
  bool stopped_{};
};

}  // namespace spine::http
