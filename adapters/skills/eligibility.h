// Eligibility: whether a skill's requirements are met, and the reasons, in words, if not.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/skills/skill_file.h"
#include "engine/config/settings/skill_config.h"

namespace spine::skills {

// The programs, variables and settings that requirements are checked against. Caches its answers,
// so make one per scan. Thread: one at a time.
class RequirementContext {
 public:
  using Env = std::function<const char*(const char*)>;
  using Truthy = std::function<bool(std::string_view)>;

  // `env` gives variables of the gateway, PATH among them; `truthy` whether a dotted path of the
  // configuration has a value that is not false, 0, "" or null.
  RequirementContext(Env env, Truthy truthy) : env_(std::move(env)), truthy_(std::move(truthy)) {}

  bool has_program(const std::string& name);
  // Null if it is not set, or blank. Borrowed.
  const char* variable(const std::string& name) const;
  bool has_setting(std::string_view path);

 private:
  Env env_;
  Truthy truthy_;
  std::map<std::string, bool, std::less<>> programs_{};
  std::map<std::string, bool, std::less<>> settings_{};
};

// skills.entries.<key>, or null.
struct SkillEntry {
  const config::SkillEntryConfig* config{};
  // Whether the skill gets the entry's variables and key. False for a skill that an agent may have
  // written: it could claim another skill's key.
  bool given{true};
};

// Fills in eligible, disabled, reasons and missing_*.
void judge(const SkillFile& file, const SkillEntry& entry, RequirementContext& ground,
           pipeline::SkillReport& report);

// The variables for agents that may use the skill: the entry's env, and its apiKey under the
// skill's primaryEnv unless env sets that. Only values configured for this skill, never the
// gateway's own variables: the skill's author could name any of them. Secrets. Names that
// is_loader_variable() are left out, each with a warning in `faults` (without path).
std::vector<std::pair<std::string, std::string>> variables_of(const SkillFile& file,
                                                              const SkillEntry& entry,
                                                              std::vector<Fault>& faults);

// Whether the variable can make programs load or run other code: PATH, LD_*, NODE_OPTIONS,
// PYTHONPATH, BASH_ENV, ...
bool is_loader_variable(std::string_view name);

}  // namespace spine::skills
