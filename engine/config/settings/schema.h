// The schema that the tables of settings are: whether a configuration keeps to it (unknown keys get
// a finding), and what others read of it: a JSON Schema for programs, a page for people.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "engine/config/json5/json5.h"
#include "engine/config/source/findings.h"
#include "schemas/vocab/result.h"

namespace spine::config {

// Walks the tree; `root` is any value. After a call without errors every value that has a row is
// what the row accepts.
void check_schema(const Document& document, NodeId root, Findings& findings);

// The value in a sentence: `the string "abc"`, `the number 7`, `true`, `a list`. With `secret` only
// its kind.
std::string describe(const Document& document, NodeId id, bool secret = false);

// The number as an integer, if it is one that fits. REQUIRES: a number.
bool as_integer(const Document& document, NodeId id, std::int64_t& out);

// The known name that a mistyped one was probably meant to be; empty when none is near: equal but
// for case, or one slip (a letter added, lost, changed, or two swapped) in short names, two in
// names of six letters or more.
std::string_view nearest_name(std::string_view name, std::span<const std::string_view> known);

// Of the whole file: JSON Schema, draft 2020-12, on one line. Thread: any.
std::string json_schema();

// What OpenClaw's config.schema.lookup answers of one path: {"path","schema","reloadKind":"hot" |
// "restart" | "none" (it has no effect),"hint","children":[keys]}. "agents.entries.*.spine" and
// "agents.entries.main.spine" name the same. Errors: not_found.
Result<std::string> look_up_schema(std::string_view dotted_path);

// Every setting that has an effect, as Markdown.
std::string settings_page();

}  // namespace spine::config
