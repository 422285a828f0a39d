// From a judged head to a request.
#include "adapters/websocket/http_request.h"

#include "adapters/http/guard.h"
#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

using http::Field;

constexpr std::size_t kQueryBytesMax = 2'048;

// What the nearest proxy added to a list.
std::string last_of(const std::string& list) {
  const std::size_t comma = list.rfind(',');
  const std::size_t from = comma == std::string::npos ? 0 : comma + 1;
  return std::string{trimmed(std::string_view{list}.substr(from), " \t")};
}

void read_forwarding(const http::RequestHead& head, OwnedRequest& request) {
  request.forwarded_for = head.field(Field::x_forwarded_for);
  request.forwarded_proto = last_of(head.field(Field::x_forwarded_proto));
  request.forwarded_host = last_of(head.field(Field::x_forwarded_host));
  request.forwarded = false;
  for (const Field one : {Field::x_forwarded_for, Field::x_forwarded_proto, Field::x_forwarded_host,
                          Field::x_real_ip, Field::forwarded, Field::via}) {
    request.forwarded = request.forwarded || !head.field(one).empty();
  }
}

}  // namespace

void OwnedRequest::refresh() {
  view.method = method;
  view.path = path;
  view.query = query;
  view.host = host;
  view.origin = origin;
  view.accept_encoding = accept_encoding;
  view.if_none_match = if_none_match;
}

void read_request(const http::RequestHead& head, OwnedRequest& request) {
  request.method = head.method();
  request.path = head.path();
  request.view.query_too_long = head.query().size() > kQueryBytesMax;
  if (!request.view.query_too_long) request.query = head.query();
  request.host = head.field(Field::host);
  request.origin = head.field(Field::origin);
  request.accept_encoding = head.field(Field::accept_encoding);
  request.if_none_match = head.field(Field::if_none_match);
  const std::string& authorization = head.field(Field::authorization);
  constexpr std::string_view kBearer = "Bearer ";
  if (same_but_case(std::string_view{authorization}.substr(0, kBearer.size()), kBearer)) {
    request.bearer = authorization.substr(kBearer.size());
  }
  if (head.websocket()) request.websocket_key = head.field(Field::websocket_key);
  read_forwarding(head, request);
  request.view.body_bytes = head.body_bytes();
  // A body nobody reads would be taken for the next request.
  request.keep_alive = head.keep_alive();
  request.refresh();
}

}  // namespace spine::net
