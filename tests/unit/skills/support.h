// What the tests of adapters/skills share: a folder per test, skills in it, a machine of their own.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <string>
#include <string_view>
#include <unistd.h>

#include "adapters/skills/skill_set.h"

namespace spine::skills {

// A SKILL.md without a fault, with more front matter if given (whole lines).
inline std::string skill_text(std::string_view name, std::string_view more = {},
                              std::string_view description = "does it") {
  return "---\nname: " + std::string(name) + "\ndescription: " + std::string(description) + "\n" +
         std::string(more) + "---\n# Body\n";
}

class SkillsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // In memory where possible: thousands of small files are written.
    const std::filesystem::path memory = "/dev/shm";
    const bool has_memory = ::access(memory.c_str(), W_OK) == 0;
    std::string pattern =
        (has_memory ? memory : std::filesystem::temp_directory_path()) / "spine_skills_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = std::filesystem::canonical(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const std::filesystem::path path = dir_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return path;
  }
  std::filesystem::path add(const std::string& folder, std::string_view more = {},
                            std::string_view description = "does it") const {
    const std::string name = std::filesystem::path(folder).filename();
    return write(folder + "/SKILL.md", skill_text(name, more, description));
  }
  std::string at(const std::string& name) const { return (dir_ / name).string(); }

  // Of two agents, "main" and "helper", with their workspaces and everything else below dir_.
  SkillsRequest request() const {
    SkillsRequest out;
    out.agents = {{.id = "main", .workspace = at("main")},
                  {.id = "helper", .workspace = at("helper")}};
    out.home = at("home");
    out.managed = at("managed");
    out.skills.extra_dirs = {at("extra")};
    out.env = [this](const char* name) -> const char* {
      const auto found = env_.find(std::string_view{name});
      return found == env_.end() ? nullptr : found->second.c_str();
    };
    out.truthy = [this](std::string_view path) { return settings_.contains(path); };
    return out;
  }

  static std::string names(const std::vector<const Skill*>& skills) {
    std::string out;
    for (const Skill* skill : skills)
      out += (out.empty() ? "" : " ") + skill->report.name;
    return out;
  }
  static const Skill* find(const SkillSet& set, std::string_view name,
                           std::string_view agent = {}) {
    for (const Skill& skill : set.skills()) {
      if (skill.report.name == name && skill.report.agent_id == agent) return &skill;
    }
    return nullptr;
  }
  // All faults as "<path below dir_>:<line>: <message>", one a line.
  std::string faults(const SkillSet& set) const {
    std::string out;
    for (const pipeline::SkillFault& fault : set.faults()) {
      out += std::filesystem::path(fault.path).lexically_relative(dir_).string() + ":" +
             std::to_string(fault.line) + ": " + fault.message + "\n";
    }
    return out;
  }

  std::filesystem::path dir_{};
  std::map<std::string, std::string, std::less<>> env_{};
  std::map<std::string, bool, std::less<>> settings_{};
};

}  // namespace spine::skills
