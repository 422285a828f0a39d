// The tables of settings as others read them: a JSON Schema for programs, a page for people.
#pragma once

#include <string>
#include <string_view>

#include "schemas/vocab/result.h"

namespace spine::config {

// Of the whole file: JSON Schema, draft 2020-12, on one line. Thread: any.
std::string json_schema();

// What OpenClaw's config.schema.lookup answers of one path: {"path","schema","reloadKind":"hot" |
// "restart" | "none" (it has no effect),"hint","children":[keys]}. "agents.entries.*.spine" and
// "agents.entries.main.spine" name the same. Errors: not_found.
Result<std::string> look_up_schema(std::string_view dotted_path);

// Every setting that has an effect, as Markdown.
std::string settings_page();

}  // namespace spine::config
