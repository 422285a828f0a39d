// The way from a request to the method's body.
#include "adapters/websocket/protocol/method.h"

#include <string>

namespace spine::net {
namespace {

constexpr const char* kAsOf = "asOf";

void refuse_moment(const Responder& to, const Method& method) {
  to.net.shared.metrics.frames_refused.add();
  const std::string_view why = method.why_now.empty()
                                   ? "asOf is for methods that only read what is in the journal"
                                   : method.why_now;
  to.refuse(std::string{method.name} + " is about now: " + std::string{why}, "NOT_ABOUT_THE_PAST",
            "not_about_the_past");
}

}  // namespace

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
  if (!method.past && sent.has(kAsOf)) return refuse_moment(to, method);
  const std::string moment = method.past ? sent.moment(kAsOf) : std::string{};
  Call call{to, method, sent};
  call.as_of.moment = moment;
  if (sent.ok()) method.body(call);
  if (problem.empty()) return;
  to.net.shared.metrics.frames_refused.add();
  to.refuse("invalid " + std::string{method.name} + " params: " + problem);
}

}  // namespace spine::net
