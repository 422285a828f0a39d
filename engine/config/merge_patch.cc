// Merging trees, and a patch made from a path.
#include "engine/config/merge_patch.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

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

Error bad_path(std::string_view path, std::string_view why) {
  return {Errc::invalid_argument,
          fmt::format("\"{}\" is not a setting's path: {}.", printable(path), why)};
}

bool is_index(std::string_view key) {
  // Longer ones are ids of people and rooms.
  return !key.empty() && key.size() < 5 &&
         std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
}

// Takes ["a.b"] off the front of `rest`.
Result<std::string> take_quoted(std::string_view& rest, std::string_view path) {
  const std::size_t close = rest.find("\"]", 2);
  if (!rest.starts_with("[\"") || close == std::string_view::npos) {
    return bad_path(path,
                    "a place in a list cannot be set alone, because a patch replaces lists whole; "
                    "set the list, or edit the file");
  }
  std::string key{rest.substr(2, close - 2)};
  rest.remove_prefix(close + 2);
  return key;
}

Result<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> keys;
  std::string_view rest = path;
  while (!rest.empty()) {
    if (rest.starts_with('[')) {
      SPINE_TRY(std::string key, take_quoted(rest, path));
      keys.push_back(std::move(key));
    } else {
      const std::size_t end = std::min(rest.find_first_of(".["), rest.size());
      const std::string_view key = rest.substr(0, end);
      if (key.empty()) return bad_path(path, "a key is empty");
      if (is_index(key)) {
        return bad_path(
            path,
            "a place in a list cannot be set alone, because a patch replaces lists whole; set the "
            "list, or edit the file (a key of digits is written [\"7\"])");
      }
      keys.emplace_back(key);
      rest.remove_prefix(end);
    }
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      if (rest.empty()) return bad_path(path, "it ends with a dot");
    }
  }
  if (keys.empty()) return bad_path(path, "it is empty");
  if (keys.size() >= limits::kConfigDepthMax) return bad_path(path, "it has too many keys");
  return keys;
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
  SPINE_TRY(std::vector<std::string> keys, split_path(dotted_path));
  SPINE_TRY(std::string value, value_as_json(value_text));
  std::string out;
  for (const std::string& key : keys) {
    out += "{";
    append_json_string(out, key);
    out += ":";
  }
  return out + value + std::string(keys.size(), '}');
}

}  // namespace spine::config
