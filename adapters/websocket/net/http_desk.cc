// Routing of requests to the answers of adapters/http.
#include "adapters/websocket/net/http_desk.h"

#include <algorithm>
#include <array>
#include <string>
#include <unistd.h>

#include "adapters/http/hook_path.h"
#include "adapters/websocket/door/admission.h"
#include "adapters/websocket/net/http_out.h"
#include "adapters/websocket/protocol/net_log.h"
#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

using http::Field;

constexpr std::size_t kQueryBytesMax = 2'048;
constexpr std::string_view kBearer = "Bearer ";

// What the nearest proxy added to a list.
std::string_view last_of(std::string_view list) {
  return trimmed(list.substr(list.rfind(',') + 1), " \t");
}

http::Site site_of(const NetOptions& options) {
  std::array<char, 256> hostname{};
  if (::gethostname(hostname.data(), hostname.size() - 1) != 0) hostname[0] = '\0';
  http::SiteOptions site{.addresses = options.addresses,
                         .origins = options.allowed_origins,
                         .hostname = hostname.data(),
                         .tls = options.tls.enabled()};
  if (!options.public_origin.empty()) site.origins.push_back(options.public_origin);
  return http::make_site(site);
}

}  // namespace

ServedRequest read_request(const http::RequestHead& head) {
  ServedRequest request{};
  request.method = head.method();
  request.path = head.path();
  request.query_too_long = head.query().size() > kQueryBytesMax;
  if (!request.query_too_long) request.query = head.query();
  request.host = head.field(Field::host);
  request.origin = head.field(Field::origin);
  request.body_bytes = head.body_bytes();
  request.accept_encoding = head.field(Field::accept_encoding);
  request.if_none_match = head.field(Field::if_none_match);
  const std::string_view authorization = head.field(Field::authorization);
  if (same_but_case(authorization.substr(0, kBearer.size()), kBearer)) {
    request.bearer = authorization.substr(kBearer.size());
  }
  if (head.websocket()) request.websocket_key = head.field(Field::websocket_key);
  request.forwarded_for = head.field(Field::x_forwarded_for);
  request.forwarded_proto = last_of(head.field(Field::x_forwarded_proto));
  request.forwarded_host = last_of(head.field(Field::x_forwarded_host));
  for (const Field one : {Field::x_forwarded_for, Field::x_forwarded_proto, Field::x_forwarded_host,
                          Field::x_real_ip, Field::forwarded, Field::via}) {
    request.forwarded = request.forwarded || !head.field(one).empty();
  }
  // A body nobody reads would be taken for the next request.
  request.keep_alive = head.keep_alive();
  return request;
}

http::Response too_many() {
  http::Response response = http::failure(429, "too_many", "Too many connections of this address.");
  response.retry_after_s = 1;
  return response;
}

Peer peer_of(const Socket& socket) {
  return {.address = socket.address,
          .host = socket.host,
          .origin = socket.origin,
          .origin_allowed = !socket.foreign,
          .loopback = socket.local_name,
          .control_socket = socket.control};
}

HttpDesk::HttpDesk(Context& net)
    : net_(net),
      site_(site_of(net.options)),
      proxies_(net.options.trusted_proxies),
      control_ui_(net.options.control_ui.base_path, net.options.control_ui.root) {}

bool HttpDesk::identify(Socket& socket, ServedRequest& request, Perimeter& perimeter) const {
  request.local = socket.control;
  request.scheme = socket.tls ? http::Scheme::https : http::Scheme::http;
  // A loopback request without a proxy's headers is a direct one, even if a proxy runs on this
  // machine: "trustedProxies: ['127.0.0.1']" must not make local programs count as remote. (For a
  // proxy that adds no headers that setting changes nothing.)
  socket.local_name = socket.loopback && !request.forwarded && http::loopback_host(request.host);
  if (!socket.proxy || (socket.loopback && !request.forwarded)) return true;
  // A trusted proxy that terminates TLS need not report that.
  request.scheme =
      same_but_case(request.forwarded_proto, "https") ? http::Scheme::https : http::Scheme::either;
  if (!request.forwarded_host.empty()) request.host = request.forwarded_host;
  const std::string client = proxies_.client(request.forwarded_for);
  return client.empty() || perimeter.forwarded(socket, client);
}

http::Response HttpDesk::ui_config(const ServedRequest& request, const Socket& socket) {
  const AccessVerdict verdict = check_bearer(net_, request.bearer,
                                             {.address = socket.address,
                                              .browser = !request.origin.empty(),
                                              .loopback = socket.local_name});
  if (verdict.access == Access::locked) {
    http::Response response =
        http::failure(429, "rate_limited", "Too many failed authentication attempts.");
    response.retry_after_s = verdict.retry_after_s;
    return response;
  }
  if (verdict.access == Access::refused) return http::failure(401, "unauthorized", "Unauthorized");
  const config::Config& config = net_.config();
  http::ControlUiFacts facts{.assistant_name = config.default_agent,
                             .assistant_agent = config.default_agent,
                             .version = net_.options.version};
  const auto agent =
      std::ranges::find(config.agents, config.default_agent, &config::AgentConfig::id);
  if (agent != config.agents.end()) {
    if (!agent->name.empty()) facts.assistant_name = agent->name;
    facts.assistant_avatar = agent->emoji;
  }
  http::Response response{};
  response.body = control_ui_.config_body(facts);
  return response;
}

bool HttpDesk::is_hook(const ServedRequest& request) const {
  return net_.options.take_hook && http::parse_hook_path(request.path);
}

void HttpDesk::give_hook(UniqueFd fd, std::string_view address) {
  if (net_.options.take_hook(fd, address)) return;
  http::Response response = http::failure(503, "unavailable", "Send it again.");
  response.retry_after_s = 1;
  std::string text;
  http::render(response, {}, text);
  HttpOut(std::move(text), {}, 0, false).pump({.descriptor = fd.get()});
}

http::Response HttpDesk::answer_uncounted(const ServedRequest& request, const Socket& socket) {
  if (is_hook(request)) {
    return http::failure(501, "unsupported",
                         "Webhooks are not served over the gateway's own TLS: set "
                         "channels.telegram.webhookPort, where a proxy that terminates TLS calls "
                         "them.");
  }
  const bool ui = net_.options.control_ui.enabled;
  if (ui && control_ui_.config_path(request.path) &&
      (request.method == "GET" || request.method == "HEAD")) {
    http::Response refusal = http::admit(request, site_);
    if (refusal.status != 200) return refusal;
    const bool ours = http::origin_allowed(site_, request.origin, request.host, request.scheme);
    if (ours && !(socket.control && !request.origin.empty())) return ui_config(request, socket);
  }
  return http::answer(request, net_.facts(),
                      {.site = &site_, .control_ui = ui ? &control_ui_ : nullptr});
}

http::Response HttpDesk::answer(const ServedRequest& request, const Socket& socket) {
  http::Response response = answer_uncounted(request, socket);
  if (response.status == 403) net_.shared.metrics.requests_foreign.add();
  return response;
}

http::Response HttpDesk::confirm_upgrade(const ServedRequest& request, Socket& socket) {
  if (net_.hub.table.count() >= limits::kConnectionsMax) {
    kLog.warn("a connection from {} was refused: {} are open", socket.address,
              limits::kConnectionsMax);
    return http::failure(503, "unavailable", "Too many connections are open.");
  }
  const bool page_on_control_socket = socket.control && !request.origin.empty();
  http::Response response =
      page_on_control_socket
          ? http::failure(403, "forbidden", "The control socket is not for pages.")
          : http::admit(request, site_);
  socket.host = request.host;
  socket.origin = request.origin;
  socket.foreign = !http::origin_allowed(site_, request.origin, request.host, request.scheme);
  if (response.status == 403 || (response.status == 200 && socket.foreign)) {
    net_.shared.metrics.requests_foreign.add();
  }
  return response;
}

}  // namespace spine::net
