// check_schema: every value is what its setting accepts; the unknown ones get a finding.
#pragma once

#include <cstdint>
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

}  // namespace spine::config
