// SkillFile: what a SKILL.md says of itself, and everything that is wrong with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "adapters/skills/front_matter.h"
#include "schemas/vocab/limits.h"

namespace spine::skills {

// What is reported of a skill as far as its file tells: key is metadata.openclaw.skillKey, else the
// name; primary_env the variable that skills.entries.<key>.apiKey goes into; always: eligible
// without what it requires, on the right system.
struct SkillFile : pipeline::SkillReport {
  std::uint32_t name_line{};    // 0 = there is no name
  std::vector<Fault> faults{};  // without path

  bool usable() const;  // no fault of weight error
  // About what it takes in memory, texts and rows.
  std::size_t bytes() const;
};

// Reads a whole SKILL.md: bytes as they were found. Never fails: what is wrong is in `faults`, at
// most kSkillFaultsPerFileMax. Does not throw. Thread: any.
SkillFile read_skill_file(std::string_view text);

// name and the folder must be the same: the fault, if they are not, is added to `faults`.
void check_folder_name(const SkillFile& file, std::string_view folder, std::vector<Fault>& faults);

// Of reading a file anew, besides its YAML; in bytes of it.
inline constexpr std::size_t kFileCost = 256;
inline constexpr std::size_t kReadCostMax = kFileCost + limits::kSkillFrontMatterBytesMax;
// How many bytes of YAML read_skill_file(text) goes through; at most kReadCostMax.
std::size_t read_cost_of(std::string_view text);

}  // namespace spine::skills
