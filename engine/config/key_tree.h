// KeyTree: every setting by the keys of its path.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/config/setting.h"

namespace spine::config {

// What is known of one key. `*` is any key of an object, `[]` any element of a list.
struct KeyEntry {
  std::string_view name{};
  const Setting* setting{};   // null for an object without a row of its own
  const TablePlace* place{};  // of its table
  bool strict{};              // what is unknown here is an error
  std::vector<std::unique_ptr<KeyEntry>> children{};

  bool is(Type type) const { return setting != nullptr && setting->accepts.type == type; }
  // The child of exactly that name, or null.
  const KeyEntry* find(std::string_view key) const;
  // What stands under the key of an object, also of one in a list; or null.
  const KeyEntry* step(std::string_view key) const;
};

// The root. Static storage.
const KeyEntry& key_tree();

// The entry of keys from the root, without places of lists; null for what is not known.
const KeyEntry* find_entry(std::span<const std::string_view> keys);

}  // namespace spine::config
