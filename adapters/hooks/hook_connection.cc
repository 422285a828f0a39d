// HookConnection: the head, what it may ask for, the body.
#include "adapters/hooks/hook_connection.h"

#include "schemas/vocab/limits.h"

namespace spine::hooks {

using http::Field;
using http::Response;

std::optional<Response> HookConnection::read(std::string_view bytes) {
  if (body) {
    body->read(bytes);
    return judge_body();
  }
  head_text += bytes;
  switch (head.read(head_text)) {
    case http::RequestHead::State::incomplete:
      return std::nullopt;
    case http::RequestHead::State::refused: {
      const http::RequestHead::Refusal& refusal = head.refusal();
      Response response = http::failure(refusal.status, refusal.type, refusal.message);
      response.allow = refusal.allow;
      return response;
    }
    case http::RequestHead::State::complete:
      break;
  }
  if (auto refused = judge_head()) return refused;
  body.emplace(head, limits::kHookBodyBytesMax);
  body->read(std::string_view(head_text).substr(head.bytes()));
  head_text = {};
  if (auto judged = judge_body()) return judged;
  wants_continue = http::list_has(head.field(Field::expect), "100-continue");
  return std::nullopt;
}

// Host is of no matter: a webhook is known by its secret, and no page of a browser calls one.
std::optional<Response> HookConnection::judge_head() {
  if (head.has(Field::origin)) {
    return http::failure(403, "forbidden", "A webhook is not for pages.");
  }
  if (http::query_has_secret(head.query())) {
    return http::failure(400, "invalid_request",
                         "Secrets in the query are not accepted: addresses end up in logs.");
  }
  if (head.websocket()) return http::failure(404, "not_found", "There is nothing at this address.");
  if (head.method() == "GET" || head.method() == "POST") return std::nullopt;
  Response response = http::failure(405, "method_not_allowed", "A webhook answers GET and POST.");
  response.allow = "GET, POST";
  return response;
}

std::optional<Response> HookConnection::judge_body() {
  switch (body->state()) {
    case http::BodyReader::State::incomplete:
      return std::nullopt;
    case http::BodyReader::State::complete:
      return Response{};
    case http::BodyReader::State::too_large:
      return http::failure(413, "too_large", "The request body is larger than this gateway takes.");
    case http::BodyReader::State::malformed:
      return http::failure(400, "invalid_request", "The body of the request is malformed.");
  }
  return std::nullopt;
}

}  // namespace spine::hooks
