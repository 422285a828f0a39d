// How libcurl's multi handle is driven by libevent, and which calls run.
#include "adapters/outbound/http_client.h"

#include <algorithm>
#include <event2/event.h>
#include <fmt/format.h>
#include <utility>

#include "engine/pipeline/clock.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/check.h"
#include "schemas/vocab/show.h"

namespace spine::http {
namespace {

using pipeline::monotonic_now_us;

bool holds_lines(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Error bad_request(std::string_view why) {
  return {Errc::invalid_argument, fmt::format("This request cannot be sent: {}.", why)};
}

Status check_request(const HttpRequest& request) {
  for (const HttpField& field : request.headers) {
    if (!is_plain(field.name, "!#$%&'*+-.^_`|~")) return bad_request("a header has no proper name");
    if (holds_lines(field.value)) {
      return bad_request(
          fmt::format("the value of its header {} has more than one line", field.name));
    }
  }
  if (holds_lines(request.content_type)) return bad_request("its content type has several lines");
  for (const HttpPart& part : request.parts) {
    if (holds_lines(part.name) || holds_lines(part.file_name) || holds_lines(part.content_type)) {
      return bad_request("the name or type of a part has more than one line");
    }
  }
  const bool reads = request.method == HttpMethod::get || request.method == HttpMethod::head;
  if (reads && !(request.body.empty() && request.parts.empty())) {
    return bad_request("GET and HEAD have no body");
  }
  if (!request.body.empty() && !request.parts.empty()) {
    return bad_request("it has both a body and parts");
  }
  return ok();
}

std::size_t bytes_of(const HttpRequest& request) {
  std::size_t bytes = request.url.size() + request.body.size();
  for (const HttpField& field : request.headers)
    bytes += field.name.size() + field.value.size();
  for (const HttpPart& part : request.parts)
    bytes += part.data.size() + part.path.size();
  return bytes;
}

CURLM* make_multi() {
  SPINE_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);  // any number of times
  CURLM* multi = curl_multi_init();
  SPINE_CHECK(multi != nullptr);
  return multi;
}

std::string cancelled(const OutboundUrl& url) {
  return fmt::format("The call to {}:{} was cancelled. Nothing was sent.", url.host, url.port);
}

}  // namespace

// A place for a call; used again for another when it has ended.
struct HttpClient::Running {
  Running(HttpClient& client, TransferRules& rules)
      : transfer(rules), idle(client.base_, [this, &client] { client.idle(*this); }) {}

  Transfer transfer;
  loop::Timer idle;
  CallId id{};  // none: the place is free
  Handler handler{};
  std::string host{};
  std::uint64_t idle_us{};
  std::uint64_t moved_us{};  // when bytes last came or could go
  std::size_t bytes{};
  bool own_connection{};
};

// A socket that libcurl wants to be told about.
struct HttpClient::Watch {
  explicit Watch(HttpClient& owner)
      : client(owner), event(event_new(owner.base_, -1, 0, &HttpClient::on_ready, this)) {
    SPINE_CHECK(event != nullptr);
  }

  HttpClient& client;
  loop::EventPtr event;
  Running* running{};
};

HttpClient::HttpClient(event_base* base, OutboundPolicy policy, std::string ca_file)
    : base_(base),
      rules_{.policy = std::move(policy), .ca_file = std::move(ca_file)},
      turn_(base, [this] { turn(); }),
      curl_timer_(base, [this] { act(CURL_SOCKET_TIMEOUT, 0); }),
      overdue_(base, [this] { turn(); }),
      multi_(make_multi()) {
  const auto set = [this](CURLMoption option, auto value) {
    SPINE_CHECK(curl_multi_setopt(multi_.get(), option, value) == CURLM_OK);
  };
  set(CURLMOPT_SOCKETFUNCTION, &HttpClient::on_socket);
  set(CURLMOPT_SOCKETDATA, this);
  set(CURLMOPT_TIMERFUNCTION, &HttpClient::on_timer);
  set(CURLMOPT_TIMERDATA, this);
  set(CURLMOPT_MAXCONNECTS, static_cast<long>(limits::kOutboundIdleConnectionsMax));
}

HttpClient::~HttpClient() {
  stop();
  running_.clear();
  multi_.reset();  // closes idle connections, and so unwatches their sockets
}

CallId HttpClient::start(HttpRequest request, Handler handler) {
  SPINE_CHECK(handler != nullptr);
  if (stopped_) return {};
  Waiting call{.id = {++last_id_},
               .request = std::move(request),
               .handler = std::move(handler),
               .until_us = monotonic_now_us() + 1'000ULL * request.total_ms};
  ++calls_;
  turn_.fire_soon();
  const Status proper = check_request(call.request);
  const Result<OutboundUrl> url = check_url(call.request.url, rules_.policy);
  const std::size_t bytes = bytes_of(call.request);
  if (!proper || !url) {
    end(call, HttpOutcome::not_sent, proper ? url.error().message : proper.error().message);
  } else if (waiting_.size() >= limits::kOutboundQueuedMax || !rules_.budget.take(bytes)) {
    end(call, HttpOutcome::not_sent,
        fmt::format("Too many calls wait to be sent, this one to {}; try again later.", url->host));
  } else {
    call.url = *url;
    call.bytes = bytes;
    waiting_.push_back(std::move(call));
  }
  return CallId{last_id_};
}

void HttpClient::cancel(CallId id) {
  if (!id || stopped_) return;
  cancels_.push_back(id);
  turn_.fire_soon();
}

void HttpClient::stop() {
  SPINE_CHECK(!in_curl_);
  stopped_ = true;
  for (const auto& running : running_) {
    if (running->id) end(*running, CURLE_OK, Transfer::End::cancelled);
  }
  for (Waiting& call : waiting_)
    end(call, HttpOutcome::cancelled, cancelled(call.url));
  waiting_.clear();
  cancels_.clear();
  turn_.stop();
  overdue_.stop();
  while (!ended_.empty())
    tell();
}

// Everything that is asked for by calls from outside happens here, where neither libcurl nor a
// handler is on the stack.
void HttpClient::turn() {
  cancel_asked();
  end_overdue();
  tell();
  if (!stopped_) start_waiting();
}

void HttpClient::cancel_asked() {
  for (const CallId id : std::exchange(cancels_, {})) {
    const auto is_it = [id](const auto& call) { return call.id == id; };
    if (const auto call = std::ranges::find_if(waiting_, is_it); call != waiting_.end()) {
      end(*call, HttpOutcome::cancelled, cancelled(call->url));
      waiting_.erase(call);
    }
    for (const auto& running : running_) {
      if (running->id == id) end(*running, CURLE_OK, Transfer::End::cancelled);
    }
  }
}

void HttpClient::end_overdue() {
  const std::uint64_t now = monotonic_now_us();
  std::uint64_t next = UINT64_MAX;
  std::erase_if(waiting_, [&](Waiting& call) {
    if (call.until_us > now) {
      next = std::min(next, call.until_us);
      return false;
    }
    end(call, HttpOutcome::not_sent,
        fmt::format("The call to {} waited for others until its time was over. Nothing was sent.",
                    call.url.host));
    return true;
  });
  if (next != UINT64_MAX) overdue_.start(loop::in_us(next - now));
}

// Handlers may start, cancel and stop: what they add is told in the next turn, so that nobody who
// starts again what cannot be sent holds up the loop.
void HttpClient::tell() {
  for (std::size_t n = ended_.size(); n > 0 && !ended_.empty(); --n) {
    Ended ended = std::move(ended_.front());
    ended_.pop_front();
    rules_.budget.give_back(ended.bytes);
    --calls_;
    ended.handler(std::move(ended.response));
  }
}

void HttpClient::start_waiting() {
  for (std::size_t i = 0; i < waiting_.size();) {
    if (!may_run(waiting_[i])) {
      ++i;
      continue;
    }
    Waiting call = std::move(waiting_[i]);
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    run(std::move(call));
  }
}

bool HttpClient::may_run(const Waiting& call) const {
  std::size_t alike = 0;
  std::size_t to_host = 0;
  for (const auto& running : running_) {
    if (!running->id || running->own_connection != call.request.own_connection) continue;
    ++alike;
    if (running->host == call.url.host) ++to_host;
  }
  if (call.request.own_connection) return alike < limits::kOutboundOwnCallsMax;
  return alike < limits::kOutboundCallsMax && to_host < limits::kOutboundCallsPerHostMax;
}

HttpClient::Running& HttpClient::free_running() {
  const auto found = std::ranges::find_if(running_, [](const auto& one) { return !one->id; });
  if (found != running_.end()) return **found;
  running_.push_back(std::make_unique<Running>(*this, rules_));
  return *running_.back();
}

void HttpClient::run(Waiting call) {
  const std::uint64_t now = monotonic_now_us();
  Running& running = free_running();
  running.id = call.id;
  running.handler = std::move(call.handler);
  running.host = call.url.host;
  running.bytes = call.bytes;
  running.own_connection = call.request.own_connection;
  running.idle_us = 1'000ULL * call.request.idle_ms;
  running.moved_us = now;
  const std::uint64_t left_us = call.until_us > now ? call.until_us - now : 0;
  const auto left_ms = static_cast<std::uint32_t>(std::max<std::uint64_t>(left_us / 1'000, 1));
  const Status begun =
      running.transfer.begin(std::move(call.request), std::move(call.url), left_ms);
  if (!begun) {
    ended_.push_back({std::exchange(running.handler, {}), running.transfer.refused(begun.error()),
                      std::exchange(running.bytes, 0)});
    running.id = {};
    turn_.fire_soon();
    return;
  }
  if (running.idle_us != 0) running.idle.start(loop::in_us(running.idle_us));
  CURL* easy = running.transfer.easy();
  SPINE_CHECK(curl_easy_setopt(easy, CURLOPT_PRIVATE, &running) == CURLE_OK);
  SPINE_CHECK(curl_multi_add_handle(multi_.get(), easy) == CURLM_OK);
}

// Taking the handle out closes its connection unless the transfer was complete.
void HttpClient::end(Running& running, CURLcode code, Transfer::End how) {
  SPINE_CHECK(curl_multi_remove_handle(multi_.get(), running.transfer.easy()) == CURLM_OK);
  running.idle.stop();
  HttpResponse response = running.transfer.end(code, how);
  const std::size_t bytes = std::exchange(running.bytes, 0) + response.body.size();
  ended_.push_back({std::exchange(running.handler, {}), std::move(response), bytes});
  running.id = {};
  turn_.fire_soon();
}

void HttpClient::end(Waiting& call, HttpOutcome outcome, std::string error) {
  HttpResponse response{.outcome = outcome, .error = std::move(error)};
  response.file = std::move(call.request.file);
  ended_.push_back({std::move(call.handler), std::move(response), call.bytes});
  turn_.fire_soon();
}

void HttpClient::idle(Running& running) {
  const std::uint64_t now = monotonic_now_us();
  if (!running.transfer.begun()) running.moved_us = now;  // the time to connect is another
  const std::uint64_t still_us = now - running.moved_us;
  if (still_us >= running.idle_us) {
    end(running, CURLE_OPERATION_TIMEDOUT, Transfer::End::idle);
  } else {
    running.idle.start(loop::in_us(running.idle_us - still_us));
  }
}

void HttpClient::act(curl_socket_t fd, int what) {
  int running = 0;
  in_curl_ = true;
  const CURLMcode code = curl_multi_socket_action(multi_.get(), fd, what, &running);
  in_curl_ = false;
  SPINE_CHECK(code == CURLM_OK);
  take_results();
}

void HttpClient::take_results() {
  int more = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &more)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Running* running = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &running);
    SPINE_CHECK(running != nullptr);
    end(*running, code, Transfer::End::itself);  // the message is gone then
  }
}

int HttpClient::on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket) {
  auto* client = static_cast<HttpClient*>(self);
  auto* watch = static_cast<Watch*>(socket);
  if (what == CURL_POLL_REMOVE) {
    if (watch == nullptr) return 0;
    event_del(watch->event.get());
    watch->running = nullptr;
    client->free_watches_.push_back(watch);
    return 0;
  }
  Running* running = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &running);
  client->watch(*running, fd, what, watch);
  return 0;
}

void HttpClient::watch(Running& running, curl_socket_t fd, int what, Watch* watch) {
  if (watch == nullptr) {
    if (free_watches_.empty()) {
      watches_.push_back(std::make_unique<Watch>(*this));
      free_watches_.push_back(watches_.back().get());
    }
    watch = free_watches_.back();
    free_watches_.pop_back();
    SPINE_CHECK(curl_multi_assign(multi_.get(), fd, watch) == CURLM_OK);
  }
  watch->running = &running;
  const int wanted = EV_PERSIST | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
                     ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0);
  event* entry = watch->event.get();
  event_del(entry);
  SPINE_CHECK(event_assign(entry, base_, fd, static_cast<short>(wanted), &HttpClient::on_ready,
                           watch) == 0);
  SPINE_CHECK(event_add(entry, nullptr) == 0);
}

int HttpClient::on_timer(CURLM*, long ms, void* self) {
  auto* client = static_cast<HttpClient*>(self);
  if (ms < 0) {
    client->curl_timer_.stop();
  } else {
    client->curl_timer_.start(loop::in_ms(static_cast<std::uint64_t>(ms)));
  }
  return 0;
}

void HttpClient::on_ready(evutil_socket_t fd, short what, void* watch) {
  auto* seen = static_cast<Watch*>(watch);
  HttpClient& client = seen->client;
  if (seen->running != nullptr) seen->running->moved_us = monotonic_now_us();
  client.act(fd, ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
                     ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

}  // namespace spine::http
