// The tables as a tree.
#include "engine/config/key_tree.h"

#include <string>

namespace spine::config {
namespace {

// Takes what stands before the mark off the front of `rest`.
std::string_view take_part(std::string_view& rest, char mark) {
  const std::size_t end = rest.find(mark);
  const std::string_view part = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return part;
}

KeyEntry& child_of(KeyEntry& parent, std::string_view name) {
  for (const auto& child : parent.children) {
    if (child->name == name) return *child;
  }
  parent.children.push_back(std::make_unique<KeyEntry>());
  parent.children.back()->name = name;
  parent.children.back()->strict = parent.strict;
  return *parent.children.back();
}

KeyEntry& descend(KeyEntry& from, std::string_view path) {
  KeyEntry* at = &from;
  while (!path.empty())
    at = &child_of(*at, take_part(path, '.'));
  return *at;
}

void add(KeyEntry& root, const TablePlace& place, const Setting& setting) {
  const std::size_t last = setting.path.rfind('.') + 1;  // 0 when there is no dot
  KeyEntry& parent =
      descend(descend(root, place.prefix), setting.path.substr(0, last == 0 ? 0 : last - 1));
  std::string_view names = setting.path.substr(last);
  while (!names.empty()) {
    KeyEntry& entry = child_of(parent, take_part(names, '|'));
    entry.setting = &setting;
    entry.place = &place;
    entry.strict = entry.strict || setting.flag == Flag::strict;
  }
}

KeyEntry built() {
  KeyEntry root;
  for (const SettingTable* table : all_tables()) {
    for (const TablePlace& place : table->places) {
      for (const Setting& setting : table->rows)
        add(root, place, setting);
    }
  }
  return root;
}

}  // namespace

const KeyEntry* KeyEntry::find(std::string_view key) const {
  for (const auto& child : children) {
    if (child->name == key) return child.get();
  }
  return nullptr;
}

const KeyEntry* KeyEntry::step(std::string_view key) const {
  const bool special = key == "*" || key == "[]";
  if (const KeyEntry* named = special ? nullptr : find(key)) return named;
  if (const KeyEntry* any = find("*")) return any;
  const KeyEntry* element = find("[]");
  return element == nullptr ? nullptr : element->step(key);
}

const KeyEntry& key_tree() {
  static const KeyEntry root = built();
  return root;
}

const KeyEntry* find_entry(std::span<const std::string_view> keys) {
  const KeyEntry* at = &key_tree();
  for (std::size_t i = 0; at != nullptr && i < keys.size(); ++i)
    at = at->step(keys[i]);
  return at;
}

}  // namespace spine::config
