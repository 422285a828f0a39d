// SkillFile: the front matter of a SKILL.md, and all faults in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "adapters/skills/front_matter.h"
#include "schemas/vocab/limits.h"

namespace spine::skills {

// The part of a skill's report that comes from its file. key: metadata.openclaw.skillKey, else the
// name; primary_env: the variable that skills.entries.<key>.apiKey goes into; always: eligible even
// if requirements are not met, except for the system.
struct SkillFile : pipeline::SkillReport {
  std::uint32_t name_line{};    // 0 = there is no name
  std::vector<Fault> faults{};  // without path

  bool usable() const;  // no fault of weight error
  // Approximate memory size.
  std::size_t bytes() const;
};

// Reads a whole SKILL.md, which may be any bytes. Never fails: errors are in `faults`, at most
// kSkillFaultsPerFileMax. Does not throw. Thread: any.
SkillFile read_skill_file(std::string_view text);

// Adds a fault to `faults` if the skill's name differs from its folder's name.
void check_folder_name(const SkillFile& file, std::string_view folder, std::vector<Fault>& faults);

// Fixed cost of reading a file that is not cached, in bytes of YAML.
inline constexpr std::size_t kFileCost = 256;
inline constexpr std::size_t kReadCostMax = kFileCost + limits::kSkillFrontMatterBytesMax;
// How many bytes of YAML read_skill_file(text) goes through; at most kReadCostMax.
std::size_t read_cost_of(std::string_view text);

}  // namespace spine::skills
