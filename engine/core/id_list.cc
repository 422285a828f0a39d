// IdList: sorted, searched by halving.
#include "engine/core/id_list.h"

#include <algorithm>

#include "schemas/fields.h"

namespace spine::core {
namespace {

std::vector<std::string> copies_of(const IdTexts* texts) {
  std::vector<std::string> copies;
  if (texts == nullptr) return copies;
  for (const flatbuffers::String* text : *texts)
    copies.emplace_back(text_of(text));
  return copies;
}

}  // namespace

IdList::IdList(const IdTexts* texts, IdCase ids) : IdList(copies_of(texts), ids) {}

IdList::IdList(std::vector<std::string> texts, IdCase ids) : ids_(std::move(texts)), case_(ids) {
  if (case_ == IdCase::folded) {
    for (std::string& id : ids_)
      std::transform(id.begin(), id.end(), id.begin(), lower);
  }
  std::sort(ids_.begin(), ids_.end());
  ids_.erase(std::unique(ids_.begin(), ids_.end()), ids_.end());
  everybody_ = std::binary_search(ids_.begin(), ids_.end(), std::string_view{"*"});
}

bool IdList::has(std::string_view id, IdCase ids) const {
  if (ids_.empty()) return false;
  if (case_ == IdCase::exact && ids == IdCase::folded) {
    // Only tools put a message of the past to a configuration of today.
    return std::any_of(ids_.begin(), ids_.end(),
                       [id](const std::string& own) { return same_but_case(own, id); });
  }
  if (case_ == IdCase::exact) return std::binary_search(ids_.begin(), ids_.end(), id);
  KeyBuffer folded;
  folded.add_lower(id);
  return std::binary_search(ids_.begin(), ids_.end(), folded.view());
}

}  // namespace spine::core
