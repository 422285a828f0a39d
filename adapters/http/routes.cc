// The routing table and the rendering of responses.
#include "adapters/http/routes.h"

#include <array>
#include <openssl/sha.h>
#include <span>

#include "adapters/http/control_ui.h"
#include "adapters/http/hook_path.h"
#include "adapters/http/metrics.h"
#include "schemas/vocab/base64.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"

namespace spine::http {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kNothingAllowed =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

Response serve_health(const Facts& facts) {
  return {.status = health(facts) == Health::unhealthy ? 503 : 200, .body = health_body(facts)};
}

Response serve_ready(const Facts& facts) {
  return {.status = failing(facts).empty() ? 200 : 503, .body = ready_body(facts)};
}

Response serve_metrics(const Facts& facts) {
  return {.content_type = kPrometheus, .body = metrics_body(facts)};
}

Response serve_root(const Facts& facts, const ControlUi* control_ui) {
  Response response{.content_type = kHtml};
  response.body =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Spine</title>"
      "</head>\n<body>\n<h1>Spine ";
  response.body += facts.version;
  response.body +=
      "</h1>\n<p>A gateway for personal AI agents. It speaks the OpenClaw Gateway protocol over "
      "WebSocket on this address.</p>\n<ul>\n"
      "<li><a href=\"/health\">/health</a>: is it alive</li>\n"
      "<li><a href=\"/ready\">/ready</a>: does it take messages now</li>\n"
      "<li><a href=\"/metrics\">/metrics</a>: counters for Prometheus</li>\n"
      "</ul>\n<p>On the command line: <code>spine status</code>, "
      "<code>spine send \"hello\"</code>.</p>\n";
  if (control_ui != nullptr && control_ui->available()) {
    response.body += "<p>The Control UI is at <a href=\"";
    response.body += control_ui->base_path();
    response.body += "/\">";
    response.body += control_ui->base_path();
    response.body += "/</a>.</p>\n";
  } else {
    response.body +=
        "<p>The OpenClaw Control UI is served here once it is installed: <code>npm install -g "
        "openclaw</code>, or set <code>gateway.controlUi.root</code> to a "
        "<code>dist/control-ui</code> folder, then <code>spine restart</code>.</p>\n";
  }
  response.body += "</body></html>\n";
  return response;
}

struct Route {
  std::string_view path{};
  Response (*serve)(const Facts&){};
};

constexpr std::array<Route, 5> kRoutes{{
    {"/health", serve_health},
    {"/healthz", serve_health},
    {"/ready", serve_ready},
    {"/readyz", serve_ready},
    {"/metrics", serve_metrics},
}};

// Paths that only programs request: never answered with the Control UI's page.
constexpr std::array<std::string_view, 6> kProgramPaths{"/api",   "/v1",      "/hooks",
                                                        "/tools", "/plugins", "/__openclaw__"};

bool for_programs(std::string_view path) {
  if (parse_hook_path(path)) return true;
  for (const std::string_view start : kProgramPaths) {
    if (path.substr(0, start.size()) != start) continue;
    if (path.size() == start.size() || path[start.size()] == '/') return true;
  }
  return false;
}

std::string_view status_text(int status) {
  struct Text {
    int status{};
    std::string_view text{};
  };
  constexpr std::array<Text, 20> kTexts{{{200, "OK"},
                                         {302, "Found"},
                                         {304, "Not Modified"},
                                         {400, "Bad Request"},
                                         {401, "Unauthorized"},
                                         {403, "Forbidden"},
                                         {404, "Not Found"},
                                         {405, "Method Not Allowed"},
                                         {408, "Request Timeout"},
                                         {413, "Content Too Large"},
                                         {414, "URI Too Long"},
                                         {415, "Unsupported Media Type"},
                                         {426, "Upgrade Required"},
                                         {429, "Too Many Requests"},
                                         {431, "Request Header Fields Too Large"},
                                         {500, "Internal Server Error"},
                                         {501, "Not Supported"},
                                         {503, "Service Unavailable"},
                                         {504, "Gateway Timeout"},
                                         {505, "HTTP Version Not Supported"}}};
  for (const Text& entry : kTexts) {
    if (entry.status == status) return entry.text;
  }
  return "Error";
}

void header(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty()) out.append("\r\n").append(name).append(": ").append(value);
}

Response wrong_verb() {
  Response response = failure(405, "method_not_allowed", "This address answers GET and HEAD only.");
  response.allow = "GET, HEAD";
  return response;
}

}  // namespace

Response failure(int status, std::string_view type, std::string_view message) {
  return {.status = status, .body = json_object([&](JsonWriter& json) {
                              json.object("error", [&] {
                                json.member("message", message);
                                json.member("type", type);
                              });
                            })};
}

Response admit(const Request& request, const Site& site) {
  if (!request.local && !host_allowed(site, request.host)) {
    return failure(403, "forbidden",
                   "The Host header does not name this gateway. It answers to localhost, to the "
                   "addresses it is bound to, and to the names in gateway.publicOrigin and "
                   "gateway.controlUi.allowedOrigins.");
  }
  if (query_has_secret(request.query)) {
    return failure(400, "invalid_request",
                   "Secrets in the query are not accepted: addresses end up in logs. Send the "
                   "token in an Authorization header or in the connect request.");
  }
  if (request.query_too_long) {
    return failure(400, "invalid_request", "The query is longer than this gateway takes.");
  }
  if (request.body_bytes > limits::kHttpBodyBytesMax) {
    return failure(413, "too_large", "The request body is larger than this gateway takes.");
  }
  return {};
}

Response answer(const Request& request, const Facts& facts, const Content& content) {
  const Site loopback_only{};
  const Site& site = content.site == nullptr ? loopback_only : *content.site;
  Response refusal = admit(request, site);
  if (refusal.status != 200) return refusal;
  const bool page_on_control_socket = request.local && !request.origin.empty();
  if (page_on_control_socket ||
      !origin_allowed(site, request.origin, request.host, request.scheme)) {
    return failure(403, "forbidden", "origin not allowed (pages of other sites may not call this)");
  }
  const bool reading = request.method == "GET" || request.method == "HEAD";
  for (const Route& route : kRoutes) {
    if (route.path == request.path) return reading ? route.serve(facts) : wrong_verb();
  }
  if (content.control_ui != nullptr && reading && !for_programs(request.path)) {
    if (auto page = content.control_ui->serve(request)) return *std::move(page);
  }
  if (request.path == "/") return reading ? serve_root(facts, content.control_ui) : wrong_verb();
  return failure(404, "not_found", "There is nothing at this address.");
}

void render(const Response& response, const RenderOptions& options, std::string& out) {
  out.clear();
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(status_text(response.status));
  if (response.status != 304) {
    const std::uint64_t bytes = response.file ? response.file_bytes : response.body.size();
    header(out, "Content-Type", response.content_type);
    header(out, "Content-Length", std::to_string(bytes));
  }
  header(out, "Allow", response.allow);
  header(out, "Location", response.location);
  header(out, "Cache-Control", response.cache_control);
  header(out, "ETag", response.etag);
  header(out, "Content-Encoding", response.content_encoding);
  if (response.retry_after_s != 0) {
    header(out, "Retry-After", std::to_string(response.retry_after_s));
  }
  if (response.status == 401) header(out, "WWW-Authenticate", "Bearer");
  // RFC 6455, 4.4, and RFC 9110, 15.5.22: what a client should have asked for.
  const bool upgrade = response.status == 426;
  if (upgrade) out.append("\r\nSec-WebSocket-Version: 13\r\nUpgrade: websocket");
  header(out, "Content-Security-Policy",
         response.content_security_policy.empty() ? kNothingAllowed
                                                  : response.content_security_policy);
  out.append(
      "\r\nX-Content-Type-Options: nosniff"
      "\r\nReferrer-Policy: no-referrer"
      "\r\nPermissions-Policy: camera=(), microphone=(), geolocation=()"
      "\r\nX-Frame-Options: DENY"
      "\r\nVary: Origin, Accept-Encoding");
  if (options.hsts) header(out, "Strict-Transport-Security", "max-age=31536000");
  header(out, "Connection",
         options.keep_alive ? "keep-alive"
         : upgrade          ? "close, Upgrade"
                            : "close");
  out.append("\r\n\r\n");
  if (!options.head && response.status != 304) out.append(response.body);
}

std::string websocket_accept(std::string_view key) {
  const std::string text = std::string{key} + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  ::SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return encode_base64(std::as_bytes(std::span{digest}));
}

std::string switching_protocols(std::string_view key) {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         websocket_accept(key) + "\r\n\r\n";
}

}  // namespace spine::http
