// The skills section: where to look for skills, and what each of them is given.
#include <fmt/format.h>

#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::config {
namespace {

std::vector<std::string> skill_folders_of(const Reading& reading, NodeId list) {
  std::vector<std::string> out;
  if (list == 0) return out;
  for (const NodeId element : reading.document.children(list)) {
    const std::filesystem::path folder = reading.path(element).lexically_normal();
    if (folder.empty()) {
      reading.error(element, "this folder has no name; write one, or remove the entry.");
      continue;
    }
    if (out.size() == limits::kBindingsMax) return out;
    out.push_back(folder.string());
  }
  return out;
}

// What a process can be given: no '=' in the name, no NUL in the value.
bool is_variable(const Reading& reading, NodeId node) {
  const std::string_view name = reading.document.key(node);
  const std::string_view value = reading.document.text(node);
  return !name.empty() && name.find('=') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos && value.find('\0') == std::string_view::npos;
}

void read_skill_entry(Reading& reading, NodeId node) {
  SkillEntryConfig entry;
  entry.name = reading.document.key(node);
  entry.enabled = reading.flag(reading.below(node, "enabled"));
  const NodeId key = reading.below(node, "apiKey");
  if (key != 0 && reading.document.kind(key) == Kind::string) {
    entry.api_key = *reading.text(key);
  } else if (key != 0) {
    reading.warn(key, fmt::format("skills.entries.{}.apiKey must be text, perhaps \"${{NAME}}\" of "
                                  "a variable; other forms have no effect in this version.",
                                  printable(entry.name)));
  }
  const NodeId env = reading.below(node, "env");
  if (env != 0) {
    for (const NodeId variable : reading.document.children(env)) {
      if (!is_variable(reading, variable)) {
        reading.error(variable, fmt::format("\"{}\" cannot be a variable; rename it.",
                                            printable(reading.document.key(variable))));
        continue;
      }
      entry.env.emplace_back(reading.document.key(variable), reading.document.text(variable));
    }
  }
  reading.config.skills.entries.push_back(std::move(entry));
}

}  // namespace

void read_skills(Reading& reading) {
  SkillsConfig& skills = reading.config.skills;
  skills.extra_dirs = skill_folders_of(reading, reading.at("skills.load.extraDirs"));
  skills.allow_symlinks = skill_folders_of(reading, reading.at("skills.load.allowSymlinkTargets"));
  skills.watch = reading.flag(reading.at("skills.load.watch")).value_or(true);
  if (const auto ms = reading.integer(reading.at("skills.load.watchDebounceMs"))) {
    skills.debounce_ms = static_cast<std::uint32_t>(*ms);
  }
  const NodeId entries = reading.at("skills.entries");
  if (entries == 0) return;
  for (const NodeId node : reading.document.children(entries)) {
    if (skills.entries.size() == limits::kSkillEntriesMax) {
      reading.error(node, fmt::format("more than {} entries under skills.entries.",
                                      limits::kSkillEntriesMax));
      return;
    }
    read_skill_entry(reading, node);
  }
}

}  // namespace spine::config
