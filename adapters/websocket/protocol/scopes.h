// Scopes: what operators may do, as bits of a set and by name.
#pragma once

#include <cstdint>
#include <string_view>

#include "schemas/vocab/json.h"

namespace spine::net {

enum class Scope : std::uint8_t {
  none = 0,
  read = 1U << 0,
  write = 1U << 1,
  admin = 1U << 2,
  approvals = 1U << 3,
  questions = 1U << 4,
  pairing = 1U << 5,
  talk = 1U << 6,
  talk_secrets = 1U << 7,
};
using ScopeSet = std::uint8_t;

inline void add_scope(ScopeSet& scopes, Scope scope) {
  scopes = static_cast<ScopeSet>(scopes | static_cast<ScopeSet>(scope));
}
// f(scope) for each one of the set.
template <class F>
void for_each_scope(ScopeSet scopes, F f) {
  for (unsigned bit = 1; bit <= scopes; bit <<= 1U) {
    if ((scopes & bit) != 0) f(Scope{static_cast<ScopeSet>(bit)});
  }
}

// Whether `granted` satisfies `needed`: admin satisfies all, write satisfies read and talk.
bool satisfies(ScopeSet granted, Scope needed);
// Whether `granted` satisfies every scope in `asked`.
bool covers(ScopeSet granted, ScopeSet asked);

// "operator.read" and so on.
std::string_view scope_name(Scope scope);
// Scope::none when there is no such scope.
Scope scope_of(std::string_view name);
// The set of names joined with ",". Unknown names count for nothing.
ScopeSet scopes_of(std::string_view joined);
// NAME:["operator.read", ...].
void write_scopes(JsonWriter& json, std::string_view name, ScopeSet scopes);

}  // namespace spine::net
