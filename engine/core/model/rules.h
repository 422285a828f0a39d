// Rules: the version of the rules by which inputs are decided, and what each version changed on
// purpose, for tools that decide recorded inputs again.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "event_generated.h"

namespace spine::core {

// Recorded in EngineStarted. Counts up when a rule is changed so that an input that is recorded can
// be decided otherwise than it was; the change gets its entry in rules_changes().
// 0: journals of before versions were recorded.
inline constexpr std::uint32_t kRulesVersion = 2;

struct RulesChange {
  std::uint32_t since{};     // the first version that decides the new way
  fb::EventBody input{};     // the kind of input
  fb::EventBody event{};     // a kind of event that comes of it
  std::string_view field{};  // what that event says otherwise; empty = it comes or does not come
  const char* note{};        // for people: what changed
};

// In order of `since`.
std::span<const RulesChange> rules_changes();

// The change by which an input of that kind, recorded under rules of version `recorded`, is decided
// otherwise now in that field of an event of that kind, or (field empty) in whether it comes; null
// = there is none, so that a difference is a fault.
const RulesChange* find_change(std::span<const RulesChange> changes, std::uint32_t recorded,
                               std::uint16_t input, std::uint16_t event, std::string_view field);

}  // namespace spine::core
