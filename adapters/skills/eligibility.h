// Eligibility: whether what a skill requires is there, and in words why it is not.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/skills/skill_file.h"
#include "engine/config/agent_config.h"

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

// Fills in eligible, disabled, reasons and missing_*. `entry` is skills.entries.<key>, or null.
void judge(const SkillFile& file, const config::SkillEntryConfig* entry, Ground& ground,
           pipeline::SkillReport& report);

// What an agent gets while it may use the skill: entry.env, and apiKey under the skill's primaryEnv
// (which env has first say of). A variable named there that the gateway has itself keeps the
// gateway's value. What the skill alone asks for is not given: its author could name any. Secrets.
std::vector<std::pair<std::string, std::string>> variables_of(const SkillFile& file,
                                                              const config::SkillEntryConfig* entry,
                                                              const Ground& ground);

}  // namespace spine::skills
