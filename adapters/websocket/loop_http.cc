// HTTP on the net thread: who asks, which answer, and its way out without blocking others.
#include <array>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "adapters/websocket/admission.h"
#include "adapters/websocket/http_request.h"
#include "adapters/websocket/loop.h"
#include "adapters/websocket/net_log.h"

namespace spine::net {
namespace {

// So that a turn stays short for those who are waiting on a WebSocket.
constexpr int kWritersPerTurn = 1;
constexpr int kRequestsPerTurn = 1;  // of connections that have had an answer

HttpTarget target_of(const Socket& socket) {
  return {.descriptor = static_cast<int>(lws_get_socket_fd(socket.wsi)),
          .tls = socket.tls ? lws_get_ssl(socket.wsi) : nullptr};
}

}  // namespace

bool Loop::identify(Socket& socket, OwnedRequest& request) {
  request.view.local = socket.control;
  request.view.scheme = socket.tls ? http::Scheme::https : http::Scheme::http;
  socket.local_name =
      socket.loopback && !socket.proxy && !request.forwarded && http::loopback_host(request.host);
  if (!socket.proxy) return true;
  // A trusted proxy that ends TLS need not say so.
  request.view.scheme = http::Scheme::either;
  if (http::equal_nocase(request.forwarded_proto, "https")) {
    request.view.scheme = http::Scheme::https;
  }
  if (!request.forwarded_host.empty()) request.host = request.forwarded_host;
  request.refresh();
  const std::string client = proxies_.client(request.forwarded_for);
  return client.empty() || perimeter_.forwarded(socket, client);
}

Peer Loop::peer_of(const Socket& socket) const {
  return {.address = socket.address,
          .host = socket.host,
          .origin = socket.origin,
          .origin_allowed = !socket.foreign,
          .loopback = socket.local_name,
          .control_socket = socket.control};
}

AccessVerdict Loop::judge(const OwnedRequest& request, const Socket& socket) {
  const Peer peer = peer_of(socket);
  return check_bearer(
      gateway_.context(), request.bearer,
      {.address = peer.address, .browser = !request.origin.empty(), .loopback = peer.loopback});
}

http::Response Loop::ui_config(const OwnedRequest& request, const Socket& socket) {
  const AccessVerdict verdict = judge(request, socket);
  if (verdict.access == Access::locked) {
    http::Response response =
        http::failure(429, "rate_limited", "Too many failed authentication attempts.");
    response.retry_after_s = verdict.retry_after_s;
    return response;
  }
  if (verdict.access == Access::refused) return http::failure(401, "unauthorized", "Unauthorized");
  const config::Config& config = gateway_.context().config();
  http::ControlUiFacts facts{.assistant_name = config.default_agent,
                             .assistant_agent = config.default_agent,
                             .version = gateway_.context().options.version};
  for (const config::AgentConfig& agent : config.agents) {
    if (agent.id != config.default_agent) continue;
    if (!agent.name.empty()) facts.assistant_name = agent.name;
    facts.assistant_avatar = agent.emoji;
  }
  http::Response response{};
  response.body = control_ui_.config_body(facts);
  return response;
}

http::Response Loop::answer_request(const OwnedRequest& request, const Socket& socket) {
  const bool ui = gateway_.context().options.control_ui.enabled;
  const bool asks_config = ui && control_ui_.config_path(request.path) &&
                           (request.view.method == "GET" || request.view.method == "HEAD");
  const http::Content content{.site = &site_, .control_ui = ui ? &control_ui_ : nullptr};
  if (asks_config) {
    http::Response refusal = http::admit(request.view, site_);
    if (refusal.status != 200) return refusal;
    const bool ours =
        http::origin_allowed(site_, request.origin, request.host, request.view.scheme);
    if (ours && !(socket.control && !request.origin.empty())) return ui_config(request, socket);
  }
  return http::answer(request.view, gateway_.context().facts(), content);
}

int Loop::serve_http(lws* wsi) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr || socket->dying) return -1;
  OwnedRequest request{};
  read_request(wsi, request);
  const bool head = request.view.method == "HEAD";
  if (!identify(*socket, request)) {
    http::Response full = http::failure(429, "too_many", "Too many connections of this address.");
    full.retry_after_s = 1;
    return respond(*socket, std::move(full), {.head = head});
  }
  http::Response response = answer_request(request, *socket);
  if (response.status == 403) gateway_.context().shared.metrics.requests_foreign.add();
  const bool stays = request.keep_alive && !room_.crowded();
  return respond(*socket, std::move(response), {.head = head, .keep_alive = stays});
}

int Loop::confirm_upgrade(lws* wsi, const char* protocol) {
  Socket* socket = socket_of(wsi);
  if (socket == nullptr || socket->dying) return -1;
  OwnedRequest request{};
  read_request(wsi, request);
  http::Response refusal{};
  if (!identify(*socket, request)) {
    refusal = http::failure(429, "too_many", "Too many connections of this address.");
  } else {
    refusal = http::admit(request.view, site_);
  }
  if (refusal.status == 200 && socket->control && !request.origin.empty()) {
    refusal = http::failure(403, "forbidden", "The control socket is not for pages.");
  }
  if (refusal.status == 200 &&
      (protocol == nullptr || !http::equal_nocase(protocol, "websocket"))) {
    refusal = http::failure(400, "invalid_request", "This gateway upgrades to WebSocket only.");
  }
  if (refusal.status == 200) {
    socket->host = request.host;
    socket->origin = request.origin;
    socket->foreign =
        !http::origin_allowed(site_, request.origin, request.host, request.view.scheme);
    if (socket->foreign) gateway_.context().shared.metrics.requests_foreign.add();
    return 0;
  }
  if (refusal.status == 403) gateway_.context().shared.metrics.requests_foreign.add();
  std::string text;
  http::render(refusal, {.hsts = site_.tls}, text);
  HttpOut(std::move(text), {}, 0, false).pump(target_of(*socket));
  return -1;
}

int Loop::respond(Socket& socket, http::Response response, http::RenderOptions options) {
  options.hsts = site_.tls;
  std::string text;
  http::render(response, options, text);
  const std::uint64_t file_bytes = options.head || !response.file ? 0 : response.file_bytes;
  auto out = std::make_unique<HttpOut>(std::move(text), std::move(response.file), file_bytes,
                                       options.keep_alive);
  const HttpTarget target = target_of(socket);
  const HttpOut::Progress progress = out->pump(target);
  if (progress == HttpOut::Progress::broken) return -1;
  if (progress == HttpOut::Progress::done) {
    perimeter_.extend(socket, hub_.now_ms());
    if (lws_http_transaction_completed(socket.wsi) != 0) return -1;
    if (!options.keep_alive) return -1;
    rest(socket);
    return 0;
  }
  epoll_event event{.events = EPOLLOUT, .data = {.ptr = &socket}};
  if (::epoll_ctl(writers_.get(), EPOLL_CTL_ADD, target.descriptor, &event) != 0) return -1;
  socket.out = std::move(out);
  perimeter_.extend(socket, hub_.now_ms());
  // The next request waits until this one is answered.
  lws_rx_flow_control(socket.wsi, 0);
  return 0;
}

void Loop::rest(Socket& socket) {
  lws_rx_flow_control(socket.wsi, 0);
  if (socket.resting) return;
  socket.resting = true;
  resting_.push_back(&socket);
}

void Loop::wake_rested() {
  for (int i = 0; i < kRequestsPerTurn && !resting_.empty(); ++i) {
    Socket& socket = *resting_.front();
    resting_.pop_front();
    socket.resting = false;
    lws_rx_flow_control(socket.wsi, 1);
  }
}

void Loop::write_responses() {
  std::array<epoll_event, kWritersPerTurn> events{};
  const int count = ::epoll_wait(writers_.get(), events.data(), kWritersPerTurn, 0);
  writable_.clear();
  for (int i = 0; i < count; ++i)
    writable_.push_back(static_cast<Socket*>(events[static_cast<std::size_t>(i)].data.ptr));
  for (std::size_t i = 0; i < writable_.size(); ++i) {
    // One that ended while others were written is null.
    if (writable_[i] != nullptr && writable_[i]->out != nullptr) continue_response(*writable_[i]);
  }
  writable_.clear();
}

void Loop::continue_response(Socket& socket) {
  const HttpTarget target = target_of(socket);
  const std::uint64_t before = socket.out->written();
  const HttpOut::Progress progress = socket.out->pump(target);
  if (socket.out->written() != before) perimeter_.extend(socket, hub_.now_ms());
  if (progress == HttpOut::Progress::blocked || progress == HttpOut::Progress::turn) return;
  ::epoll_ctl(writers_.get(), EPOLL_CTL_DEL, target.descriptor, nullptr);
  const bool keep_alive = progress == HttpOut::Progress::done && socket.out->keep_alive();
  socket.out.reset();
  if (keep_alive && lws_http_transaction_completed(socket.wsi) == 0) {
    return rest(socket);
  }
  if (progress == HttpOut::Progress::done) {
    if (target.tls != nullptr) ::SSL_shutdown(target.tls);
    ::shutdown(target.descriptor, SHUT_WR);
  }
  lws_set_timeout(socket.wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_ASYNC);
}

}  // namespace spine::net
