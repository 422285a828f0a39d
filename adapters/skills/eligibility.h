// Eligibility: whether what a skill requires is there, and in words why it is not.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/skills/skill_file.h"
#include "engine/config/settings/skill_config.h"

namespace spine::skills {

// What a machine and its configuration have. Answers about programs are kept, so one Ground serves
// one scan. Thread: one at a time.
class Ground {
 public:
  using Env = std::function<const char*(const char*)>;
  using Truthy = std::function<bool(std::string_view)>;

  // `env` gives variables of the gateway, PATH among them; `truthy` whether a dotted path of the
  // configuration has a value that is not false, 0, "" or null.
  Ground(Env env, Truthy truthy) : env_(std::move(env)), truthy_(std::move(truthy)) {}

  bool has_program(const std::string& name);
  // Null when it is not set, or blank. Borrowed.
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
  // Its variables and key are for this skill: not for one that an agent may have written, and that
  // calls itself by another's key.
  bool given{true};
};

// Fills in eligible, disabled, reasons and missing_*.
void judge(const SkillFile& file, const SkillEntry& entry, Ground& ground,
           pipeline::SkillReport& report);

// What an agent gets while it may use the skill: the entry's env, and its apiKey under the skill's
// primaryEnv (which env has first say of). All of it is configured for this skill: nothing comes
// from the gateway's own variables, for whoever wrote the skill could name any. Secrets. Names that
// is_loader_variable() are left out, each with a warning in `faults` (without path).
std::vector<std::pair<std::string, std::string>> variables_of(const SkillFile& file,
                                                              const SkillEntry& entry,
                                                              std::vector<Fault>& faults);

// Whether programs that find the variable load or run other code than without it: PATH, LD_*,
// NODE_OPTIONS, PYTHONPATH, BASH_ENV, ...
bool is_loader_variable(std::string_view name);

}  // namespace spine::skills
