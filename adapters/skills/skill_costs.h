// What a SKILL.md costs: to be read, and to be remembered.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "adapters/skills/skill_file.h"
#include "schemas/vocab/limits.h"

namespace spine::skills {

// Of reading a file anew, besides its YAML; in bytes of it.
inline constexpr std::size_t kFileCost = 256;
inline constexpr std::size_t kReadCostMax = kFileCost + limits::kSkillFrontMatterBytesMax;

// How many bytes of YAML read_skill_file(text) goes through; at most kReadCostMax.
std::size_t read_cost_of(std::string_view text);

// About what a file takes in memory, texts and rows.
std::size_t bytes_of(const SkillFile& file);

// What is kept of a file that nobody can use, when room is scarce.
std::shared_ptr<SkillFile> first_fault_of(const SkillFile& file);

}  // namespace spine::skills
