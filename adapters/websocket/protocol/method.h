// Call: a request to a method, with its parameters, on its way to the method's body.
#pragma once

#include <string_view>
#include <utility>

#include "adapters/websocket/protocol/context.h"
#include "adapters/websocket/protocol/params.h"
#include "adapters/websocket/protocol/respond.h"

namespace spine::net {

// A request that was understood and is allowed, with its parameters. Borrowed for the call.
class Call : public Responder, public Arguments {
 public:
  Call(const Responder& to, const Method& of, Params& sent)
      : Responder(to), Arguments(of.params, sent), method(of), params(sent) {}

  const Method& method;
  Params& params;  // as they were sent

  // Whether it was sent, and is not null / and is null.
  bool given(std::string_view name) const { return params.has(name); }
  bool is_null(std::string_view name) const { return params.is_null(name); }
  // Return after it: dispatch() answers `invalid <method> params: at /<name>: <what>`.
  void complain(std::string_view name, std::string_view what) { params.complain(name, what); }

  // False, with the refusal sent, when too many questions wait. Check it before doing anything
  // whose outcome a later answer is to report.
  bool may_ask() const;
  // Asks the request's first question; false when may_ask() is.
  template <class Then>
  bool ask(const Question& question, Then then) const {
    if (!may_ask()) return false;
    Responder::ask(question, std::move(then));
    return true;
  }
};

// Looks at the scope, checks the parameters against the method's list, and runs its body.
void dispatch(const Responder& to, const Method& method, simdjson::dom::element params,
              bool has_params);

}  // namespace spine::net
