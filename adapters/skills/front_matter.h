// FrontMatter: the YAML between the first two lines "---" of a SKILL.md, as a small tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pipeline/items/reports.h"

namespace spine::skills {

using Fault = pipeline::SkillFault;
using Weight = pipeline::FaultWeight;

enum class ValueKind : std::uint8_t { null, scalar, list, map };

// A value, with its key if it is a member of a map. Owns all its texts and items.
struct Value {
  ValueKind kind{};
  bool quoted{};         // scalar: in quotes or a block, so always text
  std::uint32_t line{};  // 1 = the first of the file
  std::string key{};
  std::string text{};          // scalar
  std::vector<Value> items{};  // elements, or members in the order of the file

  // The first member of that name, or null.
  const Value* find(std::string_view name) const;
};

// Whether a scalar is text, and not a number, a boolean or null.
bool is_text(const Value& value);

struct FrontMatter {
  bool readable{};  // `root` is a map
  Value root{};
  std::vector<Fault> faults{};  // without path
};

// YAML; if that fails, unindented lines "key: value", with a warning. `text` is
// a whole SKILL.md in UTF-8. Bounds: kSkillFrontMatterBytesMax, kSkillYamlNodesMax,
// kSkillYamlDepthMax. Does not throw. Thread: any.
FrontMatter read_front_matter(std::string_view text);

// A single value, such as {"a": [1]}; false if it is not YAML. Line numbers start at `line`.
bool read_value(std::string_view text, std::uint32_t line, Value& out);

}  // namespace spine::skills
