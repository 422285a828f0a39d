// The routing table and the rendering of responses.
#include "adapters/http/routes.h"

#include <array>

#include "adapters/http/guard.h"
#include "adapters/http/json.h"
#include "schemas/vocab/limits.h"

namespace spine::http {
namespace {

constexpr std::string_view kHtml = "text/html; charset=utf-8";
constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

Response failure(int status, std::string_view type, std::string_view message) {
  Response response{.status = status};
  JsonWriter json{response.body};
  json.begin_object();
  json.key("error");
  json.begin_object();
  json.member("message", message);
  json.member("type", type);
  json.end_object();
  json.end_object();
  return response;
}

Response serve_health(const Facts& facts) {
  return {.status = health(facts) == Health::unhealthy ? 503 : 200, .body = health_body(facts)};
}

Response serve_ready(const Facts& facts) {
  return {.status = failing(facts).empty() ? 200 : 503, .body = ready_body(facts)};
}

Response serve_metrics(const Facts& facts) {
  return {.content_type = kPrometheus, .body = metrics_body(facts)};
}

Response serve_root(const Facts& facts) {
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
      "<code>spine send \"hello\"</code>.</p>\n</body></html>\n";
  return response;
}

struct Route {
  std::string_view path{};
  Response (*serve)(const Facts&){};
};

constexpr std::array<Route, 6> kRoutes{{
    {"/", serve_root},
    {"/health", serve_health},
    {"/healthz", serve_health},
    {"/ready", serve_ready},
    {"/readyz", serve_ready},
    {"/metrics", serve_metrics},
}};

std::string_view status_text(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

}  // namespace

Response admit(const Request& request) {
  if (!loopback_host(request.host)) {
    return failure(403, "forbidden",
                   "The Host header does not name this machine (localhost, 127.0.0.1, [::1]).");
  }
  if (!same_origin(request.origin, request.host)) {
    return failure(403, "forbidden", "origin not allowed (pages of other sites may not call this)");
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

Response answer(const Request& request, const Facts& facts) {
  Response refusal = admit(request);
  if (refusal.status != 200) return refusal;
  for (const Route& route : kRoutes) {
    if (route.path != request.path) continue;
    if (request.method == "GET" || request.method == "HEAD") return route.serve(facts);
    Response response =
        failure(405, "method_not_allowed", "This address answers GET and HEAD only.");
    response.allow = "GET, HEAD";
    return response;
  }
  return failure(404, "not_found", "There is nothing at this address.");
}

void render(const Response& response, bool head, bool keep_alive, std::string& out) {
  out.clear();
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(status_text(response.status));
  out.append("\r\nContent-Type: ").append(response.content_type);
  out.append("\r\nContent-Length: ").append(std::to_string(response.body.size()));
  if (!response.allow.empty()) out.append("\r\nAllow: ").append(response.allow);
  out.append(
      "\r\nCache-Control: no-store"
      "\r\nX-Content-Type-Options: nosniff"
      "\r\nReferrer-Policy: no-referrer"
      "\r\nPermissions-Policy: camera=(), microphone=(), geolocation=()"
      "\r\nX-Frame-Options: DENY"
      "\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
  out.append(keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
  if (!head) out.append(response.body);
}

}  // namespace spine::http
