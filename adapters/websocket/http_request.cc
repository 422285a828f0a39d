// From a judged head to a request.
#include "adapters/websocket/http_request.h"

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

}  // namespace spine::net
