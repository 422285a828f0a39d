// JSON merge patches (RFC 7396): objects are merged, null takes away, everything else replaces.
#pragma once

#include <string>
#include <string_view>

#include "engine/config/json5.h"
#include "schemas/vocab/result.h"

namespace spine::config {

// Lays `patch` upon `target`, both of `document`, which it changes; gives the result. Depth is
// bounded by the parser.
NodeId merge_patch(Document& document, NodeId target, NodeId patch);

// The patch for `spine config set <dotted path> <value>`: build_patch("session.mainKey", "home") is
// {"session":{"mainKey":"home"}}. The value is JSON5; a word that is none of it (lan, 30d, ~/x) is
// taken as a string, and null takes the setting away. A key with a dot in it is written
// ["a.b"]. Errors, invalid_argument: no path, a place in a list (a patch replaces lists whole),
// a value that is neither.
Result<std::string> build_patch(std::string_view dotted_path, std::string_view value_text);

}  // namespace spine::config
