// HttpRequest and HttpResponse: what is asked of an HttpClient, and what became of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "schemas/vocab/bytes.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::http {

struct HttpField {
  std::string name{};  // in lower case in a response
  std::string value{};
};

enum class HttpMethod : std::uint8_t { get, head, post, put, patch, del };

// One part of multipart/form-data. With a path, its bytes are those of that regular file, read
// piece by piece as they are sent: on the loop thread, so the file lies on a disk of this machine.
struct HttpPart {
  std::string name{};
  std::string file_name{};     // as the other side sees it; empty: a plain field
  std::string content_type{};  // empty: none is said
  std::string data{};
  std::string path{};
};

struct HttpRequest {
  HttpMethod method{};
  std::string url{};                 // may hold secrets: no text ever shows its path or query
  std::vector<HttpField> headers{};  // likewise their values
  std::string body{};                // not of get and head
  std::string content_type{"application/json"};  // of the body
  std::vector<HttpPart> parts{};                 // instead of a body
  std::uint32_t connect_ms{10'000};              // name, connection and TLS
  std::uint32_t total_ms{60'000};                // from start() on, waiting for a turn included
  std::uint32_t idle_ms{};                       // without a byte once connected; 0: no such limit
  // Of the answer; beyond it the transfer ends as too_large. In memory, other calls' answers may
  // leave less (limits::kOutboundBufferedBytesMax).
  std::size_t body_max{limits::kMiB};
  // When it is one, the body of an answer of 200 to 299 is appended to this file, not kept in
  // memory: on the loop thread, so it lies on a disk of this machine. It comes back in the
  // response, whatever the outcome, neither synced nor rewound.
  UniqueFd file{};
  // Sees each piece of the body of such an answer, in order; also where there is no file. Borrowed
  // for the call. It must not stop the client.
  std::function<void(ByteSpan)> on_chunk{};
  // For long polls: a new connection that is closed afterwards, outside of what is allowed per
  // host.
  bool own_connection{};
  // Only get and head, as often as the policy allows. Fields other than Authorization and Cookie
  // are sent to wherever the redirect leads.
  bool follow_redirects{};
};

enum class HttpOutcome : std::uint8_t {
  answered,   // a whole answer, of whatever status
  not_sent,   // no byte of the request left this machine: it may be sent again
  unknown,    // some did, and no whole answer came: the other side may have acted on it
  cancelled,  // by cancel() or stop(); `left` says whether the other side may have acted
  too_large,  // the answer has more than body_max or more header fields than are read
};

struct HttpResponse {
  HttpOutcome outcome{};
  bool left{};   // bytes of the request may have left this machine
  int status{};  // 0 when none came; there may be one without a whole answer
  // Retry-After, Content-Type, Content-Length and X-RateLimit-*, in order.
  std::vector<HttpField> headers{};
  std::string body{};   // what of it came, unless it went to the file
  UniqueFd file{};      // that of the request
  std::size_t bytes{};  // of the body, wherever it went
  std::string error{};  // unless answered: what was wrong and what to do; names the host
};

}  // namespace spine::http
