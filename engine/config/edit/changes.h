// Changes: what differs between two configurations, setting by setting.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/json5/json5.h"
#include "schemas/vocab/result.h"

namespace spine::config {

// One key of a path, or one place of a list.
struct Step {
  std::string_view key{};  // borrowed from a document; empty for a place of a list
  std::uint32_t index{};
  bool in_list{};
};

// Objects and lists of one length differ in their parts; other lists differ as a whole.
struct Change {
  std::vector<Step> path{};
  NodeId before{};  // 0 = it was not there
  NodeId after{};   // 0 = it is no longer there
};

// A tree, or none (root 0).
struct Tree {
  const Document& document;
  NodeId root{};
};

// In the order of the trees, those only in `before` first. Borrows from both.
std::vector<Change> find_changes(Tree before, Tree after);

// "bindings.0.agentId"; a key that is empty or has dots or brackets as ["a.b"].
std::string show_path(const std::vector<Step>& path);

// One key of a path as people write it: a.b[0]["c.d"].
struct PathKey {
  std::string text{};
  bool quoted{};   // ["c.d"]
  bool in_list{};  // [0]
};

// Takes what show_path() gives apart. None for "". Errors: invalid_argument.
Result<std::vector<PathKey>> parse_path(std::string_view path);

// The paths, sorted; after kConfigPathsMax one more entry says how many there are besides.
std::vector<std::string> changed_paths(const std::vector<Change>& changes);

// A strict JSON array of {"path","before","after"} (null for what is not there), secrets as
// kRedacted and long values by their length; at most kConfigDiffBytesMax, and when there are more
// its last entry is {"more": how many}.
std::string show_changes(Tree before, Tree after, const std::vector<Change>& changes);

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
