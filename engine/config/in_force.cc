// What is in force: one setting as JSON, for people who ask; those that wait for a start; secrets.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "engine/config/changes.h"
#include "engine/config/config.h"
#include "engine/config/json5.h"
#include "engine/config/key_tree.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

NodeId element(const Document& document, NodeId list, std::string_view key) {
  std::size_t index{};
  const auto read = std::from_chars(key.data(), key.data() + key.size(), index);
  if (read.ec != std::errc{} || read.ptr != key.data() + key.size()) return 0;
  NodeId id = document.first_child(list);
  for (; id != 0 && index != 0; --index)
    id = document.next(id);
  return id;
}

NodeId walk(const Document& document, NodeId at, const std::vector<PathKey>& path) {
  for (const PathKey& key : path) {
    if (document.kind(at) == Kind::object) {
      at = document.find(at, key.text);
    } else {
      at = document.kind(at) == Kind::array ? element(document, at, key.text) : 0;
    }
  }
  return at;
}

// What is in force for a setting that a Config keeps; empty for others.
std::string in_force(const Config& config, const std::vector<PathKey>& path) {
  const KeyEntry* at = &key_tree();
  std::string_view name;  // what the last `*` of the path stands for
  for (const PathKey& key : path) {
    at = at->step(key.text);
    if (at == nullptr) return {};
    if (at->name == "*") name = key.text;
  }
  if (at->setting == nullptr || at->place->owner == nullptr) return {};
  const Member& member = at->setting->member;
  const void* owner = at->place->owner(config, name);
  if (member.get == nullptr || owner == nullptr) return {};
  return show_value(at->setting->accepts, member.get(owner));
}

// Those that a Config keeps itself, in the order of the tables.
std::vector<const Setting*> settings_of_config() {
  std::vector<const Setting*> out;
  for (const SettingTable* table : all_tables()) {
    for (const Setting& setting : table->rows) {
      const bool kept = table->places.front().prefix.empty() && setting.member.get != nullptr;
      if (kept) out.push_back(&setting);
    }
  }
  return out;
}

}  // namespace

Result<std::string> get_path(const Config& config, std::string_view dotted_path) {
  Document document;
  SPINE_TRY(NodeId root, parse_json5(document, config.redacted_json, config.path.string()));
  SPINE_TRY(const std::vector<PathKey> path, parse_path(dotted_path));
  const NodeId found = walk(document, root, path);
  if (found != 0) return to_json(document, found);
  std::string value = in_force(config, path);
  if (!value.empty()) return value;
  return Error{Errc::not_found,
               fmt::format("{} is not set in {}, and has no default that can be shown.",
                           printable(dotted_path), printable(config.path.string()))};
}

std::vector<std::string> waiting_for_start(const Config& before, const Config& after) {
  std::vector<std::string> paths;
  std::vector<Value (*)(const void*)> seen;
  for (const Setting* setting : settings_of_config()) {
    const auto get = setting->member.get;
    // Of several spellings of a member one is enough.
    if (setting->applies == Applies::live || std::ranges::find(seen, get) != seen.end()) continue;
    seen.push_back(get);
    if (get(&before) != get(&after)) paths.emplace_back(setting->path);
  }
  return paths;
}

std::vector<std::string> secrets_of(const Config& config) {
  std::vector<std::string> secrets;
  for (const Setting* setting : settings_of_config()) {
    if (setting->accepts.type != Type::secret) continue;
    secrets.push_back(std::get<std::string>(setting->member.get(&config)));
  }
  return secrets;
}

}  // namespace spine::config
