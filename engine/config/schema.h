// check_schema: which settings exist, and of what type; the unknown ones get a finding.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/config/findings.h"
#include "engine/config/json5.h"

namespace spine::config {

enum class Type : std::uint8_t {
  any,  // known, and nothing inside is looked at
  boolean,
  text,
  integer,  // accepts: "least..most"
  number,
  choice,  // accepts: "a|b|c"
  object,
  list,
  object_or_list,
  text_list,  // a list of strings
  ids,        // a list of strings and whole numbers
  duration,   // "30d", "12h", ... or a number
  model,      // a string, or an object with `primary`
};

enum class Flag : std::uint8_t {
  plain,
  strict,   // here and below, what is unknown is an error
  unused,   // known, but this version does nothing with it: a warning, where it asks for something
  adapter,  // the same, for settings of a channel's adapter: one warning for the channel
};

// One setting. Its path has keys joined with dots; `*` is any key of an object, `[]` any element of
// a list. An inner part of a path without a rule of its own is an object.
struct Rule {
  std::string_view path{};
  Type type{Type::any};
  std::string_view accepts{};
  Flag flag{Flag::plain};
};

// The modes of messages.queue and what each is also called.
inline constexpr std::string_view kQueueModes =
    "followup|queue|steer|steer-backlog|steer+backlog|interrupt|collect";

// What may stand under an agent: paths below it, and keys that are known and not used. Static
// storage.
std::span<const Rule> agent_rules();
std::span<const std::string_view> unused_agent_keys();
// tools and sandbox, which stand under an agent, its defaults and the whole file alike.
std::span<const Rule> tool_rules();

// Every setting Spine knows. Static storage.
std::span<const Rule> all_rules();

// Walks the tree; `root` is any value. After a call without errors every value that has a rule is
// of its type.
void check_schema(const Document& document, NodeId root, Findings& findings);

// The value in a sentence: `the string "abc"`, `the number 7`, `true`, `a list`. With `secret` only
// its kind.
std::string describe(const Document& document, NodeId id, bool secret = false);

// The number as an integer, if it is one that fits. REQUIRES: a number.
bool as_integer(const Document& document, NodeId id, std::int64_t& out);

}  // namespace spine::config
