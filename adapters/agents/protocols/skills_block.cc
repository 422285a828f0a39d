// Writing of the <available_skills> block, in the form agents know from Pi.
#include "adapters/agents/protocols/skills_block.h"

#include <algorithm>

namespace spine::agents {
namespace {

void append_xml(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

std::string skills_block(const std::vector<SkillHandOver>& skills) {
  const auto told = [](const SkillHandOver& skill) { return skill.model_invocable; };
  if (std::none_of(skills.begin(), skills.end(), told)) return {};
  std::string block =
      "These skills hold instructions for particular tasks. When a task fits a skill's "
      "description, read the file at its location first and follow it; paths in it are relative "
      "to its folder.\n\n<available_skills>\n";
  for (const SkillHandOver& skill : skills) {
    if (!told(skill)) continue;
    block += "  <skill>\n    <name>";
    append_xml(block, skill.name);
    block += "</name>\n    <description>";
    append_xml(block, skill.description);
    block += "</description>\n    <location>";
    append_xml(block, skill.directory);
    block += "/SKILL.md</location>\n  </skill>\n";
  }
  block += "</available_skills>\n\n";
  return block;
}

}  // namespace spine::agents
