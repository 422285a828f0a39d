// check_schema: every value is what its setting accepts; the unknown ones get a finding.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/config/findings.h"
#include "engine/config/json5.h"

namespace spine::config {

// Walks the tree; `root` is any value. After a call without errors every value that has a row is
// what the row accepts.
void check_schema(const Document& document, NodeId root, Findings& findings);

// The value in a sentence: `the string "abc"`, `the number 7`, `true`, `a list`. With `secret` only
// its kind.
std::string describe(const Document& document, NodeId id, bool secret = false);

// The number as an integer, if it is one that fits. REQUIRES: a number.
bool as_integer(const Document& document, NodeId id, std::int64_t& out);

// The known name that a mistyped one was probably meant to be.
// Empty when none is near: equal but for case, or one slip (a letter added, lost, changed, or two
// swapped) in short names, two in names of six letters or more.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

}  // namespace spine::config
