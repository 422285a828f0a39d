// Names of scopes, and which of them satisfies which.
#include "adapters/websocket/protocol/scopes.h"

#include <algorithm>
#include <array>

#include "schemas/vocab/ascii.h"

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

bool has(ScopeSet scopes, Scope scope) {
  return (scopes & static_cast<ScopeSet>(scope)) != 0;
}

}  // namespace

bool satisfies(ScopeSet granted, Scope needed) {
  if (needed == Scope::none || has(granted, Scope::admin) || has(granted, needed)) return true;
  return has(granted, Scope::write) && (needed == Scope::read || needed == Scope::talk);
}

bool covers(ScopeSet granted, ScopeSet asked) {
  bool all = true;
  for_each_scope(asked, [&](Scope scope) { all = all && satisfies(granted, scope); });
  return all;
}

std::string_view scope_name(Scope scope) {
  const auto* row = std::ranges::find(kScopes, scope, &ScopeName::scope);
  return row == kScopes.end() ? std::string_view{} : row->name;
}

Scope scope_of(std::string_view name) {
  const auto* row = std::ranges::find(kScopes, name, &ScopeName::name);
  return row == kScopes.end() ? Scope::none : row->scope;
}

ScopeSet scopes_of(std::string_view joined) {
  ScopeSet scopes{};
  any_part(joined, ',', [&](std::string_view name) {
    add_scope(scopes, scope_of(name));
    return false;
  });
  return scopes;
}

void write_scopes(JsonWriter& json, std::string_view name, ScopeSet scopes) {
  json.array(name,
             [&] { for_each_scope(scopes, [&](Scope scope) { json.value(scope_name(scope)); }); });
}

}  // namespace spine::net
