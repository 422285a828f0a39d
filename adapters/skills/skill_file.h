// SkillFile: what a SKILL.md says of itself, and everything that is wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/skills/front_matter.h"

namespace spine::skills {

struct SkillFile {
  std::string name{};
  std::string description{};
  std::uint32_t name_line{};  // 0 = there is no name
  std::string key{};          // under skills.entries; metadata.openclaw.skillKey, else the name
  std::string emoji{};
  std::string homepage{};
  std::string primary_env{};  // the variable that skills.entries.<key>.apiKey goes into
  bool always{};              // eligible without what it requires, on the right system
  bool model_invocable{true};
  bool user_invocable{true};
  std::vector<std::string> os{};
  std::vector<std::string> bins{};
  std::vector<std::string> any_bins{};
  std::vector<std::string> env{};
  std::vector<std::string> config{};
  std::vector<pipeline::SkillInstall> install{};
  std::vector<Fault> faults{};  // without path

  bool usable() const;  // no fault of weight error
};

// Reads a whole SKILL.md: bytes as they were found. Never fails: what is wrong is in `faults`, at
// most kSkillFaultsPerFileMax. Does not throw. Thread: any.
SkillFile read_skill_file(std::string_view text);

// name and the folder must be the same: the fault, if they are not, is added to `faults`.
void check_folder_name(const SkillFile& file, std::string_view folder, std::vector<Fault>& faults);

// metadata.openclaw (older: clawdbot) into `file`.
void read_metadata(const Value& metadata, SkillFile& file);

}  // namespace spine::skills
