// The skills section: where to look for skills, and what each of them is given. Paths are absolute.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace spine::config {

struct Reading;
struct SettingTable;

struct SkillEntryConfig {
  std::string name{};
  std::optional<bool> enabled{};
  std::string api_key{};  // secret: given to agents in the skill's primaryEnv
  std::vector<std::pair<std::string, std::string>> env{};  // secret
};
struct SkillsConfig {
  std::vector<std::string> extra_dirs{};      // skills.load.extraDirs
  std::vector<std::string> allow_symlinks{};  // skills.load.allowSymlinkTargets: roots links may
                                              // lead to
  bool watch{true};                           // skills.load.watch
  std::uint32_t debounce_ms{250};             // skills.load.watchDebounceMs
  std::vector<SkillEntryConfig> entries{};
};

extern const SettingTable kSkillsTable;
extern const SettingTable kSkillEntryTable;
void read_skills(Reading& reading);

}  // namespace spine::config
