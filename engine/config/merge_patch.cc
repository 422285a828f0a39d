// Merging trees, and a patch made from a path.
#include "engine/config/merge_patch.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "engine/config/changes.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

// The patch laid upon nothing: its nulls go.
void drop_nulls(Document& document, NodeId object) {
  std::vector<NodeId> kept;
  for (const NodeId member : document.children(object)) {
    if (document.kind(member) == Kind::null) continue;
    if (document.kind(member) == Kind::object) drop_nulls(document, member);
    kept.push_back(member);
  }
  document.set_children(object, kept);
}

bool is_index(std::string_view key) {
  // Longer ones are ids of people and rooms.
  return !key.empty() && key.size() < 5 &&
         std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::vector<PathKey>> settable_path(std::string_view path) {
  SPINE_TRY(std::vector<PathKey> keys, parse_path(path));
  if (keys.empty()) return bad_path(path, "it is empty");
  if (keys.size() >= limits::kConfigDepthMax) return bad_path(path, "it has too many keys");
  const auto in_list = [](const PathKey& key) {
    return key.in_list || (!key.quoted && is_index(key.text));
  };
  if (std::ranges::none_of(keys, in_list)) return keys;
  return bad_path(
      path,
      "a place in a list cannot be set alone, because a patch replaces lists whole; set the "
      "list, or edit the file (a key of digits is written [\"7\"])");
}

// Whether a text that is not JSON5 can only be meant as a word.
bool is_word(std::string_view text) {
  return !text.empty() && std::string_view{"{[\"'"}.find(text.front()) == std::string_view::npos &&
         text == printable(text);
}

Result<std::string> value_as_json(std::string_view text) {
  Document document;
  const Result<NodeId> value = parse_json5(document, text, "the value");
  if (value) return to_json(document, *value);
  if (!is_word(text)) return value.error();
  return json_string(text);
}

}  // namespace

NodeId merge_patch(Document& document, NodeId target, NodeId patch) {
  if (document.kind(patch) != Kind::object) return patch;
  if (target == 0 || document.kind(target) != Kind::object) {
    drop_nulls(document, patch);
    return patch;
  }
  const Members changes(document, patch);
  const Members present(document, target);
  std::vector<NodeId> members;
  for (const NodeId member : document.children(target)) {
    const NodeId change = changes.find(document.key(member));
    if (change != 0 && document.kind(change) == Kind::null) continue;
    members.push_back(change == 0 ? member : merge_patch(document, member, change));
  }
  for (const NodeId change : document.children(patch)) {
    if (document.kind(change) == Kind::null || present.find(document.key(change)) != 0) continue;
    members.push_back(merge_patch(document, 0, change));
  }
  document.set_children(target, members);
  return target;
}

Result<std::string> build_patch(std::string_view dotted_path, std::string_view value_text) {
  SPINE_TRY(const std::vector<PathKey> keys, settable_path(dotted_path));
  SPINE_TRY(std::string value, value_as_json(value_text));
  std::string out;
  for (const PathKey& key : keys)
    out += "{" + json_string(key.text) + ":";
  return out + value + std::string(keys.size(), '}');
}

}  // namespace spine::config
