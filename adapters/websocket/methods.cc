// Scopes, and the way from a request to its handler.
#include "adapters/websocket/methods.h"

#include <algorithm>
#include <array>
#include <vector>

#include "adapters/websocket/respond.h"

namespace spine::net {
namespace {

struct ScopeName {
  std::string_view name{};
  Scope scope{};
};
constexpr std::array<ScopeName, 8> kScopes{{
    {"operator.read", Scope::read},
    {"operator.write", Scope::write},
    {"operator.admin", Scope::admin},
    {"operator.approvals", Scope::approvals},
    {"operator.questions", Scope::questions},
    {"operator.pairing", Scope::pairing},
    {"operator.talk", Scope::talk},
    {"operator.talk.secrets", Scope::talk_secrets},
}};

}  // namespace

std::span<const Method> methods() {
  static const std::vector<Method> all = [] {
    std::vector<Method> index;
    for (const std::span<const Method> part :
         {agent_methods(), approval_methods(), chat_methods(), config_methods(), device_methods(),
          pairing_methods(), resume_methods(), session_methods(), skills_methods(),
          system_methods()})
      index.insert(index.end(), part.begin(), part.end());
    std::ranges::sort(index, {}, &Method::name);
    return index;
  }();
  return all;
}

const Method* find_method(std::string_view name) {
  const std::span<const Method> all = methods();
  const auto found = std::ranges::lower_bound(all, name, {}, &Method::name);
  return found != all.end() && found->name == name ? &*found : nullptr;
}

bool satisfies(ScopeSet granted, Scope needed) {
  if (needed == Scope::none) return true;
  auto have = granted;
  if ((granted & static_cast<ScopeSet>(Scope::admin)) != 0) return true;
  if ((granted & static_cast<ScopeSet>(Scope::write)) != 0) {
    have = static_cast<ScopeSet>(have | static_cast<ScopeSet>(Scope::read) |
                                 static_cast<ScopeSet>(Scope::talk));
  }
  return (have & static_cast<ScopeSet>(needed)) != 0;
}

std::string_view scope_name(Scope scope) {
  for (const ScopeName& row : kScopes) {
    if (row.scope == scope) return row.name;
  }
  return "";
}

Scope scope_of(std::string_view name) {
  for (const ScopeName& row : kScopes) {
    if (row.name == name) return row.scope;
  }
  return Scope::none;
}

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
