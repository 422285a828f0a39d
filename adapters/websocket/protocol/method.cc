// The way from a request to the method's body.
#include "adapters/websocket/protocol/method.h"

#include <string>

namespace spine::net {

bool Call::may_ask() const {
  if (net.may_ask(slot)) return true;
  net.shared.metrics.rate_limited.add();
  refuse_rate_limited("queries", "too many questions wait for their answers", 100);
  return false;
}

void dispatch(const Responder& to, const Method& method, simdjson::dom::element params,
              bool has_params) {
  if (!to.may(method.scope)) return to.refuse_scope(method.scope);
  std::string problem;
  Params sent{params, has_params, problem};
  Call call{to, method, sent};
  if (sent.ok()) method.body(call);
  if (problem.empty()) return;
  to.net.shared.metrics.frames_refused.add();
  to.refuse("invalid " + std::string{method.name} + " params: " + problem);
}

}  // namespace spine::net
