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
         {chat_methods(), agent_methods(), session_methods(), old_methods()})
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

std::uint64_t Call::pend() {
  return net.pending.add(ref(), &method, id);
}

bool Call::may_ask() const {
  if (net.may_ask(slot)) return true;
  net.shared.metrics.rate_limited.add();
  refuse_rate_limited("queries", "too many questions wait for their answers", 100);
  return false;
}

void dispatch(Context& net, std::uint32_t slot, std::string_view id, const Method& method,
              simdjson::dom::element params, bool has_params) {
  const Responder to{net, slot, id};
  if (!to.may(method.scope)) return to.refuse_scope(method.scope);
  std::string problem;
  Params sent{params, has_params, problem};
  Call call{to, method, sent};
  if (method.asks() && !call.may_ask()) return;
  if (sent.ok()) method.call(call);
  if (problem.empty()) return;
  net.shared.metrics.frames_refused.add();
  to.refuse("invalid " + std::string{method.name} + " params: " + problem);
}

void refuse_scope(Context& net, std::uint32_t slot, std::string_view id, Scope scope) {
  Responder{net, slot, id}.refuse_scope(scope);
}

void refuse_key(Context& net, std::uint32_t slot, std::string_view id, std::string_view typed) {
  Responder{net, slot, id}.refuse_key(typed);
}

void refuse_reply(Answer& answer, const pipeline::ReplyItem& item) {
  Responder{answer.net, answer.slot, answer.id()}.refuse_reply(item);
}

}  // namespace spine::net
