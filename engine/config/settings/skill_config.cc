// skills: folders and entries.
#include "engine/config/settings/skill_config.h"

#include <algorithm>
#include <array>

#include "engine/config/source/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr std::array kSkills{
    Setting{"skills.load.extraDirs", path_list, in<&Config::skills, &SkillsConfig::extra_dirs>,
            "more folders to look for skills in"},
    Setting{"skills.load.allowSymlinkTargets", path_list,
            in<&Config::skills, &SkillsConfig::allow_symlinks>,
            "folders that links in folders of skills may lead to"},
    Setting{"skills.load.watch", boolean, in<&Config::skills, &SkillsConfig::watch>,
            "whether changes of skills are seen at once"},
    Setting{"skills.load.watchDebounceMs", whole(0, 60'000),
            in<&Config::skills, &SkillsConfig::debounce_ms>, "how long changes are gathered"},
    Setting{"skills.entries", object, not_kept, "what single skills are given"},
    unused("skills.allowBundled", text_list),
    unused("skills.install|limits|workshop"),
};

constexpr std::array kSkillEntry{
    Setting{"enabled", boolean, in<&SkillEntryConfig::enabled>, "whether agents get the skill"},
    Setting{"apiKey", any, not_kept,
            "the key of the service it uses: text, or what this version leaves alone"},
    Setting{"env", object, not_kept, "variables for agents that have the skill"},
    Setting{"env.*", text},
    Setting{"config", any, not_kept, "for the skill itself"},
};

constexpr std::array kSkillEntryPlaces{TablePlace{
    "skills.entries.*.", named<&SkillEntryConfig::name, &Config::skills, &SkillsConfig::entries>}};

// As they are looked at: without dots and slashes at the end, and not too many.
void check_folders(const Reading& reading, std::string_view key, std::vector<std::string>& out) {
  for (const NodeId element : reading.children(reading.at(key))) {
    if (!reading.document.text(element).empty()) continue;
    reading.error(element, "this folder has no name; write one, or remove the entry.");
  }
  for (std::string& folder : out)
    folder = std::filesystem::path(folder).lexically_normal().string();
  out.resize(std::min<std::size_t>(out.size(), limits::kBindingsMax));
}

void read_skill_entry(Reading& reading, NodeId node) {
  SkillEntryConfig entry;
  entry.name = reading.document.key(node);
  reading.take(kSkillEntry, node, &entry);
  const NodeId key = reading.below(node, "apiKey");
  if (key != 0 && reading.document.kind(key) == Kind::string) {
    entry.api_key = *reading.text(key);
  } else if (key != 0) {
    reading.warn(key,
                 "skills.entries.{}.apiKey must be text, perhaps \"${{NAME}}\" of a variable; "
                 "other forms have no effect in this version.",
                 printable(entry.name));
  }
  for (const NodeId variable : reading.children(reading.below(node, "env"))) {
    // As a process can be given one. (The parser lets no NUL in.)
    const std::string_view name = reading.document.key(variable);
    if (name.empty() || name.find('=') != std::string_view::npos) {
      reading.error(variable, "\"{}\" cannot be a variable; rename it.", printable(name));
    }
    entry.env.emplace_back(reading.document.key(variable), reading.document.text(variable));
  }
  reading.config.skills.entries.push_back(std::move(entry));
}

}  // namespace

constinit const SettingTable kSkillsTable{kAtRoot, kSkills};
constinit const SettingTable kSkillEntryTable{kSkillEntryPlaces, kSkillEntry};

void read_skills(Reading& reading) {
  SkillsConfig& skills = reading.config.skills;
  check_folders(reading, "skills.load.extraDirs", skills.extra_dirs);
  check_folders(reading, "skills.load.allowSymlinkTargets", skills.allow_symlinks);
  for (const NodeId node : reading.children(reading.at("skills.entries"))) {
    if (skills.entries.size() == limits::kSkillEntriesMax) {
      return reading.error(node, "more than {} entries under skills.entries.",
                           limits::kSkillEntriesMax);
    }
    read_skill_entry(reading, node);
  }
}

}  // namespace spine::config
