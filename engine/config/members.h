// Members: the members of an object, found by name in a time that does not grow with their number.
#pragma once

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/config/json5.h"

namespace spine::config {

// Borrows the document's texts: it must not grow meanwhile.
class Members {
 public:
  // Of what is no object, or 0, there are none.
  Members(const Document& document, NodeId object) {
    if (object == 0 || document.kind(object) != Kind::object) return;
    for (NodeId m = document.first_child(object); m != 0; m = document.next(m))
      sorted_.emplace_back(document.key(m), m);
    std::ranges::sort(sorted_);
  }

  // 0 when there is none of that name.
  NodeId find(std::string_view key) const {
    const auto it = std::ranges::lower_bound(sorted_, key, {}, &Entry::first);
    return it == sorted_.end() || it->first != key ? 0 : it->second;
  }

 private:
  using Entry = std::pair<std::string_view, NodeId>;
  std::vector<Entry> sorted_{};
};

}  // namespace spine::config
