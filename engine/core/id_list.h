// IdList: ids that a configuration names, and whether one is among them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/core/key_buffer.h"

#include "event_generated.h"

namespace spine::core {

using IdTexts = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

class IdList {
 public:
  IdList() = default;
  // `ids`: as the configuration was recorded. `texts` may be null.
  IdList(const IdTexts* texts, IdCase ids);
  IdList(std::vector<std::string> texts, IdCase ids);

  // "*" is on it.
  bool everybody() const { return everybody_; }
  bool empty() const { return ids_.empty(); }
  // `ids`: as the message was recorded. Bytes are compared when neither was recorded folded.
  bool has(std::string_view id, IdCase ids) const;

 private:
  std::vector<std::string> ids_{};  // sorted; lower-cased when they are folded
  IdCase case_{};
  bool everybody_{};
};

}  // namespace spine::core
