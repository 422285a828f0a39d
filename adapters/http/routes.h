// Routes: which answer an HTTP request gets, and its head as text ready to send.
#pragma once

#include <string>
#include <string_view>

#include "adapters/http/facts.h"
#include "adapters/http/guard.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::http {

// A request as far as routing looks at it. Borrowed for the call.
struct Request {
  std::string_view method{};  // upper case
  std::string_view path{};    // without the query, percent signs decoded once
  std::string_view query{};   // without '?'
  std::string_view host{};    // behind a trusted proxy the forwarded one
  std::string_view origin{};  // empty = absent
  std::uint64_t body_bytes{};
  bool query_too_long{};  // longer than the server keeps; `query` is then empty
  Scheme scheme{Scheme::http};
  bool local{};  // on the control socket: no page can reach it, so Host does not matter
  std::string_view accept_encoding{};
  std::string_view if_none_match{};
};

// A response: a body in memory, or an open file of which `file_bytes` are sent.
struct Response {
  int status{200};
  std::string_view content_type{"application/json; charset=utf-8"};
  std::string_view allow{};  // for 405
  std::string body{};
  UniqueFd file{};
  std::uint64_t file_bytes{};
  std::string_view cache_control{"no-store"};
  std::string_view content_encoding{};
  std::string etag{};
  std::string location{};
  std::string content_security_policy{};  // empty = nothing is allowed
  std::uint64_t retry_after_s{};          // 0 = no such header
};

// An error in the form that all our answers have: {"error":{"message","type"}}.
Response failure(int status, std::string_view type, std::string_view message);

// 200 when this request may be served; else the refusal (400 query with a secret or too long, 403
// foreign Host, 413 body too large). Also called before an upgrade to WebSocket, where the protocol
// refuses a foreign Origin.
Response admit(const Request& request, const Site& site = {});

class ControlUi;

// What there is to serve.
struct Content {
  const Site* site{};             // null = this machine by loopback names alone
  const ControlUi* control_ui{};  // null = none
};

// The answer, admission and Origin (403) included. Pure but for reading `facts` and the files of
// the Control UI.
Response answer(const Request& request, const Facts& facts, const Content& content = {});

// How a response is rendered.
struct RenderOptions {
  bool head{};        // leave the body out, keep its length
  bool keep_alive{};  // else the connection closes after it
  bool hsts{};        // TLS is ours
};

// Status line, headers and body in memory into `out` (cleared first). Headers on everything:
// nosniff, no referrer, no permissions, no framing.
void render(const Response& response, const RenderOptions& options, std::string& out);

// The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key, RFC 6455 section 4.2.2.
std::string websocket_accept(std::string_view key);

// The answer to a WebSocket handshake with this key. It never names a subprotocol: none is spoken,
// whatever the client asks for.
std::string switching_protocols(std::string_view key);

}  // namespace spine::http
