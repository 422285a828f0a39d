// Routes: which answer an HTTP request gets, as text ready to send.
#pragma once

#include <string>
#include <string_view>

#include "adapters/http/facts.h"

namespace spine::http {

// A request as far as routing looks at it. Borrowed for the call.
struct Request {
  std::string_view method{};  // upper case
  std::string_view path{};    // without the query
  std::string_view query{};   // without '?'
  std::string_view host{};
  std::string_view origin{};  // empty = absent
  std::uint64_t body_bytes{};
  bool query_too_long{};  // longer than the server keeps; `query` is then empty
};

struct Response {
  int status{200};
  std::string_view content_type{"application/json; charset=utf-8"};
  std::string_view allow{};  // for 405
  std::string body{};
};

// 200 when this request may be served; else the refusal (400 secrets in the query, 403 foreign
// Host or Origin, 413 body too large). Also asked before an upgrade to WebSocket.
Response admit(const Request& request);

// The answer, admission included. Pure but for /metrics and /health reading `facts`.
Response answer(const Request& request, const Facts& facts);

// Status line, headers and body into `out` (cleared first). `head`: leave the body out, keep its
// length. Headers on everything: nosniff, no referrer, no permissions, no framing, no store.
void render(const Response& response, bool head, bool keep_alive, std::string& out);

}  // namespace spine::http
