// Methods: which methods are served, what each needs, and who reads and answers it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "adapters/websocket/context.h"
#include "adapters/websocket/params.h"
#include "adapters/websocket/respond.h"
#include "engine/pipeline/messages.h"

namespace spine::net {

struct Method;

// A request that was understood and is allowed, with its parameters. Borrowed for the call.
class Call : public Responder {
 public:
  Call(const Responder& to, const Method& of, Params& sent);

  const Method& method;
  Params& params;  // as they were sent

  // See Arguments.
  std::string_view text(std::string_view name) const { return arguments_.text(name); }
  std::uint64_t number(std::string_view name) const { return arguments_.number(name); }
  bool boolean(std::string_view name) const { return arguments_.boolean(name); }
  simdjson::dom::array list(std::string_view name) const { return arguments_.list(name); }
  // Whether it was sent, and is not null / and is null.
  bool given(std::string_view name) const { return params.has(name); }
  bool is_null(std::string_view name) const { return params.is_null(name); }
  // Return after it: dispatch() answers `invalid <method> params: at /<name>: <what>`.
  void complain(std::string_view name, std::string_view what) { params.complain(name, what); }

  // False, with the refusal said, when too many questions wait. To be looked at before anything is
  // done that an answer is to follow.
  bool may_ask() const;
  // Puts the request's first question, if it may: else false.
  template <class Then>
  bool ask(const Question& question, Then then) const {
    if (!may_ask()) return false;
    Responder::ask(question, std::move(then));
    return true;
  }

 private:
  Arguments arguments_;
};

struct Method {
  std::string_view name{};
  Scope scope{};
  ParamList params{};
  void (*body)(Call&){};
};

inline Call::Call(const Responder& to, const Method& of, Params& sent)
    : Responder(to), method(of), params(sent), arguments_(of.params, sent) {}

// One table per namespace, each in the file of that name.
std::span<const Method> agent_methods();
std::span<const Method> approval_methods();
std::span<const Method> chat_methods();
std::span<const Method> config_methods();
std::span<const Method> device_methods();
std::span<const Method> pairing_methods();
std::span<const Method> resume_methods();
std::span<const Method> session_methods();
std::span<const Method> skills_methods();
std::span<const Method> system_methods();
// All of them, by name ascending.
std::span<const Method> methods();
// nullptr when there is no such method.
const Method* find_method(std::string_view name);

// Whether `granted` satisfies `needed`: admin satisfies all, write satisfies read.
bool satisfies(ScopeSet granted, Scope needed);
// "operator.read" and so on.
std::string_view scope_name(Scope scope);
// Scope::none when there is no such scope.
Scope scope_of(std::string_view name);

// Looks at the scope, checks the parameters against the method's list, and runs its body.
void dispatch(const Responder& to, const Method& method, simdjson::dom::element params,
              bool has_params);

}  // namespace spine::net
