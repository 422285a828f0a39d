// HTTP on the net thread: who asks, which answer, and its way out without blocking others.
#include <array>
#include <sys/epoll.h>
#include <utility>

#include "adapters/websocket/admission.h"
#include "adapters/websocket/http_request.h"
#include "adapters/websocket/loop.h"
#include "adapters/websocket/net_log.h"
#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

// So that a turn stays short for those who are waiting on a WebSocket.
constexpr int kWritersPerTurn = 1;
constexpr int kRequestsPerTurn = 1;  // of connections that have had an answer

}  // namespace

HttpTarget Loop::target_of(const Socket& socket) const {
  if (socket.wsi == nullptr) return {.descriptor = socket.outside.get()};
  return {.descriptor = static_cast<int>(lws_get_socket_fd(socket.wsi)),
          .tls = socket.tls ? lws_get_ssl(socket.wsi) : nullptr};
}

bool Loop::identify(Socket& socket, OwnedRequest& request) {
  request.view.local = socket.control;
  request.view.scheme = socket.tls ? http::Scheme::https : http::Scheme::http;
  // What comes from this machine without a proxy's headers came straight here, also where a proxy
  // runs on it: "trustedProxies: ['127.0.0.1']" must not make a stranger of its owner. (A proxy
  // that writes none of them is no better without that setting.)
  socket.local_name = socket.loopback && !request.forwarded && http::loopback_host(request.host);
  if (!socket.proxy || (socket.loopback && !request.forwarded)) return true;
  // A trusted proxy that ends TLS need not say so.
  request.view.scheme = http::Scheme::either;
  if (same_but_case(request.forwarded_proto, "https")) {
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

void Loop::serve(Socket& socket) {
  if (head_.read(room_.peek(socket)) == http::RequestHead::State::incomplete) {
    return end_waiting(socket);  // it was whole when it was looked at
  }
  answer_head(socket);
}

void Loop::serve_inside(Socket& socket) {
  if (head_.read(socket.head) == http::RequestHead::State::incomplete) {
    lws_rx_flow_control(socket.wsi, 1);
    return;
  }
  answer_head(socket);
}

void Loop::refuse_head(Socket& socket) {
  const http::RequestHead::Refusal& refusal = head_.refusal();
  http::Response response = http::failure(refusal.status, refusal.type, refusal.message);
  response.allow = refusal.allow;
  // What follows is not looked at: where the next request would start is in doubt.
  respond(socket, std::move(response), {.head = head_.method() == "HEAD"});
}

void Loop::answer_head(Socket& socket) {
  if (head_.state() == http::RequestHead::State::refused) return refuse_head(socket);
  OwnedRequest request{};
  read_request(head_, request);
  if (socket.wsi == nullptr) {
    room_.take(socket, head_.bytes());
  } else {
    socket.head.erase(0, head_.bytes());
  }
  if (!request.websocket_key.empty()) return upgrade(socket, request);
  const bool head = request.method == "HEAD";
  if (!identify(socket, request)) {
    http::Response full = http::failure(429, "too_many", "Too many connections of this address.");
    full.retry_after_s = 1;
    return respond(socket, std::move(full), {.head = head});
  }
  http::Response response = answer_request(request, socket);
  if (response.status == 403) gateway_.context().shared.metrics.requests_foreign.add();
  // One inside, under TLS, has a place that somebody may be waiting for.
  const bool stays = request.keep_alive && (socket.wsi == nullptr || !room_.crowded());
  respond(socket, std::move(response), {.head = head, .keep_alive = stays});
}

http::Response Loop::confirm_upgrade(const Socket& socket, const OwnedRequest& request) const {
  if (socket.control && !request.origin.empty()) {
    return http::failure(403, "forbidden", "The control socket is not for pages.");
  }
  if (hub_.table.count() >= limits::kConnectionsMax) {
    kLog.warn("a connection from {} was refused: {} are open", socket.address,
              limits::kConnectionsMax);
    return http::failure(503, "unavailable", "Too many connections are open.");
  }
  return http::admit(request.view, site_);
}

void Loop::upgrade(Socket& socket, OwnedRequest& request) {
  const bool identified = identify(socket, request);
  http::Response refusal =
      identified ? confirm_upgrade(socket, request)
                 : http::failure(429, "too_many", "Too many connections of this address.");
  if (refusal.status != 200) {
    if (refusal.status == 403) gateway_.context().shared.metrics.requests_foreign.add();
    return respond(socket, std::move(refusal), {});
  }
  socket.host = request.host;
  socket.origin = request.origin;
  socket.foreign = !http::origin_allowed(site_, request.origin, request.host, request.view.scheme);
  if (socket.foreign) gateway_.context().shared.metrics.requests_foreign.add();
  HttpOut answer(http::switching_protocols(request.websocket_key), {}, 0, false);
  if (answer.pump(target_of(socket)) != HttpOut::Progress::done) return end(socket);
  if (socket.wsi == nullptr && !hand_over(socket, room_.enter(socket, hub_.now_ms()))) return;
  if (!established(socket)) return;
  apply_reading(socket.slot.slot);  // an answer before it in the same bytes may have turned it off
  if (socket.head.empty()) return;
  std::string frames = std::move(socket.head);
  socket.head.clear();
  take_in(socket, {reinterpret_cast<unsigned char*>(frames.data()), frames.size()});
}

void Loop::respond(Socket& socket, http::Response response, http::RenderOptions options) {
  options.hsts = site_.tls;
  std::string text;
  http::render(response, options, text);
  const std::uint64_t file_bytes = options.head || !response.file ? 0 : response.file_bytes;
  auto out = std::make_unique<HttpOut>(std::move(text), std::move(response.file), file_bytes,
                                       options.keep_alive);
  const HttpTarget target = target_of(socket);
  const HttpOut::Progress progress = out->pump(target);
  if (progress == HttpOut::Progress::broken) return end(socket);
  if (progress == HttpOut::Progress::done) return after_response(socket, options.keep_alive);
  epoll_event event{.events = EPOLLOUT, .data = {.ptr = &socket}};
  if (::epoll_ctl(writers_.get(), EPOLL_CTL_ADD, target.descriptor, &event) != 0) {
    return end(socket);
  }
  socket.out = std::move(out);
  perimeter_.extend(socket, hub_.now_ms());
  // The next request waits until this one is answered.
  if (socket.wsi != nullptr) lws_rx_flow_control(socket.wsi, 0);
}

void Loop::after_response(Socket& socket, bool keep_alive) {
  if (!keep_alive) return leave(socket);
  // Its time starts anew, for a request or a handshake.
  socket.accepted_ms = hub_.now_ms();
  if (socket.wsi == nullptr) {
    perimeter_.await_head(socket, hub_.now_ms());
    if (!room_.again(socket)) end_waiting(socket);
    return;
  }
  perimeter_.extend(socket, hub_.now_ms());
  rest(socket);
}

void Loop::leave(Socket& socket) {
  perimeter_.await_end(socket, hub_.now_ms());
  if (socket.wsi == nullptr) {
    if (!room_.leave(socket)) end_waiting(socket);
    return;
  }
  half_close(target_of(socket));
  socket.leaving = true;
  socket.head.clear();
  lws_rx_flow_control(socket.wsi, 1);
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
    serve_inside(socket);
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
  const bool keep_alive = socket.out->keep_alive();
  socket.out.reset();
  if (progress == HttpOut::Progress::done) return after_response(socket, keep_alive);
  end(socket);
}

}  // namespace spine::net
