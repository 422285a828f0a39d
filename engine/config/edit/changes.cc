// Comparing trees, and telling people what differs.
#include "engine/config/edit/changes.h"

#include <algorithm>
#include <fmt/format.h>

#include "engine/config/edit/redact.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/json.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

// Of longer values only the length is shown.
constexpr std::size_t kShownBytesMax = 2'048;

// Depth is bounded by the parser, so recursion is.
class Comparison {
 public:
  Comparison(const Document& before, const Document& after) : before_(before), after_(after) {}

  void compare(NodeId a, NodeId b) {
    const bool object_a = a != 0 && before_.kind(a) == Kind::object;
    const bool object_b = b != 0 && after_.kind(b) == Kind::object;
    const bool has_members =
        (object_a && before_.first_child(a) != 0) || (object_b && after_.first_child(b) != 0);
    if (has_members && (object_a || a == 0) && (object_b || b == 0)) return members(a, b);
    if (a != 0 && b != 0 && before_.kind(a) == after_.kind(b)) {
      const Kind kind = before_.kind(a);
      const bool one_length =
          kind == Kind::array && before_.children(a).size() == after_.children(b).size();
      if (one_length) return elements(a, b);
      // Both empty objects, or the same scalar.
      if (kind == Kind::object) return;
      if (kind != Kind::array && before_[a].boolean == after_[b].boolean &&
          before_.text(a) == after_.text(b)) {
        return;
      }
    }
    if (a != 0 || b != 0) changes_.push_back({path_, a, b});
  }

  std::vector<Change> take() { return std::move(changes_); }

 private:
  void members(NodeId a, NodeId b) {
    const Members in_a(before_, a);
    const Members in_b(after_, b);
    for (NodeId m = a == 0 ? 0 : before_.first_child(a); m != 0; m = before_.next(m)) {
      path_.push_back({.key = before_.key(m)});
      compare(m, in_b.find(before_.key(m)));
      path_.pop_back();
    }
    for (NodeId m = b == 0 ? 0 : after_.first_child(b); m != 0; m = after_.next(m)) {
      if (in_a.find(after_.key(m)) != 0) continue;
      path_.push_back({.key = after_.key(m)});
      compare(0, m);
      path_.pop_back();
    }
  }

  void elements(NodeId a, NodeId b) {
    NodeId x = before_.first_child(a);
    NodeId y = after_.first_child(b);
    for (std::uint32_t index = 0; x != 0; ++index, x = before_.next(x), y = after_.next(y)) {
      path_.push_back({.index = index, .in_list = true});
      compare(x, y);
      path_.pop_back();
    }
  }

  const Document& before_;
  const Document& after_;
  std::vector<Step> path_{};
  std::vector<Change> changes_{};
};

std::string shown_value(const Document& document, NodeId id, Hidden hidden) {
  if (id == 0) return "null";
  std::string text = to_json(document, id, hidden_part, hidden);
  if (text.size() <= kShownBytesMax) return text;
  return json_string(fmt::format("({} of {} bytes)", kind_name(document.kind(id)), text.size()));
}

// A patch merged into nothing: its nulls are dropped.
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
  return !key.empty() && key.size() < 5 && std::ranges::all_of(key, spine::is_digit);
}

// "<path>" is not a setting's path, and why.
Error bad_path(std::string_view path, std::string_view why) {
  return {Errc::invalid_argument,
          fmt::format("\"{}\" is not a setting's path: {}.", printable(path), why)};
}

}  // namespace

std::vector<Change> find_changes(Tree before, Tree after) {
  Comparison comparison(before.document, after.document);
  comparison.compare(before.root, after.root);
  return comparison.take();
}

std::string show_path(const std::vector<Step>& path) {
  std::string out;
  for (const Step& step : path) {
    const bool plain =
        !step.key.empty() && step.key.find_first_of(".[]\"") == std::string_view::npos;
    if (!step.in_list && !plain) {
      out += "[";
      append_json_string(out, step.key);
      out += "]";
      continue;
    }
    if (!out.empty()) out.push_back('.');
    if (step.in_list) {
      out += std::to_string(step.index);
    } else {
      out += printable(step.key);
    }
  }
  return out;
}

Result<std::vector<PathKey>> parse_path(std::string_view path) {
  std::vector<PathKey> keys;
  std::string_view rest = path;
  while (!rest.empty()) {
    PathKey key{.quoted = rest.starts_with("[\""), .in_list = rest.starts_with('[')};
    key.in_list = key.in_list && !key.quoted;
    const std::string_view close = key.quoted ? "\"]" : "]";
    const bool bracketed = key.quoted || key.in_list;
    const std::size_t begin = bracketed ? close.size() : 0;
    const std::size_t end = bracketed ? rest.find(close, begin) : rest.find_first_of(".[");
    if (bracketed && end == std::string_view::npos) return bad_path(path, "a [ is not closed");
    key.text = rest.substr(begin, end - begin);
    if (key.text.empty() && !key.quoted) return bad_path(path, "a key is empty");
    rest.remove_prefix(std::min(rest.size(), bracketed ? end + close.size() : end));
    if (rest == ".") return bad_path(path, "it ends with a dot");
    if (rest.starts_with('.')) rest.remove_prefix(1);
    keys.push_back(std::move(key));
  }
  return keys;
}

std::vector<std::string> changed_paths(const std::vector<Change>& changes) {
  std::vector<std::string> paths;
  const std::size_t named = std::min(changes.size(), limits::kConfigPathsMax);
  for (std::size_t i = 0; i < named; ++i) {
    std::string path = show_path(changes[i].path);
    if (path.size() > limits::kKeyBytesMax) {
      path = fmt::format("{}...", path.substr(0, limits::kKeyBytesMax - 3));
    }
    paths.push_back(std::move(path));
  }
  std::ranges::sort(paths);
  if (named < changes.size()) {
    paths.push_back(fmt::format("... and {} more", changes.size() - named));
  }
  return paths;
}

std::string show_changes(Tree before, Tree after, const std::vector<Change>& changes) {
  constexpr std::size_t kRoomForLast = 64;
  std::string out = "[";
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const Change& change = changes[i];
    Hidden hidden = Hidden::nothing;
    std::vector<std::string_view> keys;
    for (const Step& step : change.path) {
      if (step.in_list) continue;
      keys.push_back(step.key);
      hidden = more_hidden(hidden, hidden_part(keys));
    }
    const std::string entry = fmt::format("{}{{\"path\":{},\"before\":{},\"after\":{}}}",
                                          i == 0 ? "" : ",", json_string(show_path(change.path)),
                                          shown_value(before.document, change.before, hidden),
                                          shown_value(after.document, change.after, hidden));
    if (out.size() + entry.size() + kRoomForLast > limits::kConfigDiffBytesMax) {
      out += fmt::format("{}{{\"more\":{}}}", i == 0 ? "" : ",", changes.size() - i);
      break;
    }
    out += entry;
  }
  return out + "]";
}

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
  SPINE_TRY(const std::vector<PathKey> keys, parse_path(dotted_path));
  if (keys.empty()) return bad_path(dotted_path, "it is empty");
  if (keys.size() >= limits::kConfigDepthMax) return bad_path(dotted_path, "it has too many keys");
  const auto in_list = [](const PathKey& key) {
    return key.in_list || (!key.quoted && is_index(key.text));
  };
  if (std::ranges::any_of(keys, in_list)) {
    return bad_path(
        dotted_path,
        "a place in a list cannot be set alone, because a patch replaces lists whole; set the "
        "list, or edit the file (a key of digits is written [\"7\"])");
  }
  Document document;
  const Result<NodeId> value = parse_json5(document, value_text, "the value");
  // What is not JSON5 can only be meant as a word.
  const bool word = !value_text.empty() && value_text.find_first_of("{[\"'") != 0 &&
                    value_text == printable(value_text);
  if (!value && !word) return value.error();
  std::string out;
  for (const PathKey& key : keys)
    out += "{" + json_string(key.text) + ":";
  out += value ? to_json(document, *value) : json_string(value_text);
  return out + std::string(keys.size(), '}');
}

}  // namespace spine::config
