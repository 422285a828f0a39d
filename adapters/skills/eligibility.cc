// judge: OpenClaw's rules of gating, each with the reason as a sentence.
#include "adapters/skills/eligibility.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

namespace spine::skills {
namespace {

bool is_executable(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

// Whether the name of a required system means this one: only "linux" does.
bool is_this_system(std::string_view name) {
  return name == "linux";
}

std::string shown_list(const std::vector<std::string>& names) {
  return printable(fmt::format("{}", fmt::join(names, ", ")));
}

bool configures(const SkillEntry& entry, const SkillFile& file, const std::string& variable) {
  if (entry.config == nullptr || !entry.given || is_loader_variable(variable)) return false;
  if (file.primary_env == variable && !entry.config->api_key.empty()) return true;
  return std::ranges::any_of(entry.config->env, [&](const auto& pair) {
    return pair.first == variable && !pair.second.empty();
  });
}

// How to get programs, if the skill says so.
std::string install_hint(const SkillFile& file, const std::vector<std::string>& programs) {
  for (const pipeline::SkillInstall& install : file.install) {
    const bool helps =
        install.bins.empty() || std::ranges::any_of(install.bins, [&](const std::string& bin) {
          return std::ranges::find(programs, bin) != programs.end();
        });
    if (helps) return fmt::format(" The skill names a way: {}.", printable(install.label));
  }
  return {};
}

void judge_programs(const SkillFile& file, RequirementContext& ground,
                    pipeline::SkillReport& report) {
  for (const std::string& bin : file.bins) {
    if (!ground.has_program(bin)) report.missing_bins.push_back(bin);
  }
  if (!report.missing_bins.empty()) {
    report.reasons.push_back(fmt::format(
        "Not on the gateway's PATH: {}; install {}.{}", shown_list(report.missing_bins),
        report.missing_bins.size() == 1 ? "it" : "them", install_hint(file, report.missing_bins)));
  }
  const auto has = [&ground](const std::string& bin) { return ground.has_program(bin); };
  if (file.any_bins.empty() || std::ranges::any_of(file.any_bins, has)) return;
  report.missing_any_bins = file.any_bins;
  report.reasons.push_back(fmt::format("None of these is on the gateway's PATH: {}; install one.{}",
                                       shown_list(file.any_bins),
                                       install_hint(file, file.any_bins)));
}

void judge_settings(const SkillFile& file, const SkillEntry& entry, RequirementContext& ground,
                    pipeline::SkillReport& report) {
  const std::string key = printable(entry.given ? file.key : file.name);
  for (const std::string& variable : file.env) {
    if (ground.variable(variable) != nullptr || configures(entry, file, variable)) continue;
    report.missing_env.push_back(variable);
    report.reasons.push_back(fmt::format(
        "The variable {} is not set; set it in skills.entries.{}.{}.", printable(variable), key,
        file.primary_env == variable ? std::string("apiKey") : "env." + printable(variable)));
  }
  for (const std::string& path : file.config) {
    if (ground.has_setting(path)) continue;
    report.missing_config.push_back(path);
    report.reasons.push_back(
        fmt::format("The setting {} is missing or off; set it in openclaw.json.", printable(path)));
  }
}

}  // namespace

bool RequirementContext::has_program(const std::string& name) {
  if (name.empty() || name.find('/') != std::string::npos) return false;
  if (const auto known = programs_.find(name); known != programs_.end()) return known->second;
  const char* path = env_("PATH");
  std::string_view rest = path == nullptr ? std::string_view{} : std::string_view{path};
  bool found = false;
  while (!found && !rest.empty()) {
    const std::string_view folder = take_part(rest, ':');
    found = !folder.empty() && is_executable(std::string(folder) + "/" + name);
  }
  programs_.emplace(name, found);
  return found;
}

const char* RequirementContext::variable(const std::string& name) const {
  const char* value = env_(name.c_str());
  const bool blank = value == nullptr ||
                     std::string_view{value}.find_first_not_of(" \t\n") == std::string_view::npos;
  return blank ? nullptr : value;
}

bool RequirementContext::has_setting(std::string_view path) {
  if (const auto known = settings_.find(path); known != settings_.end()) return known->second;
  const bool found = truthy_(path);
  settings_.emplace(path, found);
  return found;
}

void judge(const SkillFile& file, const SkillEntry& entry, RequirementContext& ground,
           pipeline::SkillReport& report) {
  report.disabled = entry.config != nullptr && entry.config->enabled == false;
  if (report.disabled) {
    report.reasons.push_back(fmt::format("It is turned off; set skills.entries.{}.enabled to true.",
                                         printable(entry.config->name)));
  }
  if (!file.os.empty() && !std::ranges::any_of(file.os, is_this_system)) {
    report.missing_os = file.os;
    report.reasons.push_back(
        fmt::format("It runs on {} only; this is linux.", shown_list(file.os)));
  }
  // `always` overrides requirements, but neither the system nor `disabled`.
  if (!file.always) {
    judge_programs(file, ground, report);
    judge_settings(file, entry, ground, report);
  }
  report.eligible = report.reasons.empty();
}

std::vector<std::pair<std::string, std::string>> variables_of(const SkillFile& file,
                                                              const SkillEntry& entry,
                                                              std::vector<Fault>& faults) {
  std::vector<std::pair<std::string, std::string>> out;
  if (entry.config == nullptr || !entry.given) return out;
  const auto refuse = [&](const std::string& name, std::string_view whose, std::string_view mend) {
    faults.push_back({.line = file.name_line,
                      .message = fmt::format("{} names the variable {}, which changes how programs "
                                             "are loaded: agents do not get it; {}.",
                                             whose, printable(name), mend),
                      .weight = Weight::warning});
  };
  for (const auto& [name, value] : entry.config->env) {
    if (is_loader_variable(name)) {
      refuse(name, fmt::format("skills.entries.{}.env", printable(file.key)), "remove it there");
    } else if (!value.empty()) {
      out.emplace_back(name, value);
    }
  }
  const auto is_primary = [&file](const auto& pair) { return pair.first == file.primary_env; };
  if (file.primary_env.empty() || entry.config->api_key.empty() ||
      std::ranges::any_of(out, is_primary)) {
    return out;
  }
  if (is_loader_variable(file.primary_env)) {
    refuse(file.primary_env, "metadata.openclaw.primaryEnv", "name another one");
  } else {
    out.emplace_back(file.primary_env, entry.config->api_key);
  }
  return out;
}

bool is_loader_variable(std::string_view name) {
  constexpr std::array<std::string_view, 7> kFamilies{
      "LD_", "DYLD_", "BASH_FUNC_", "GIT_CONFIG", "NPM_CONFIG_", "npm_config_", "GLIBC_"};
  constexpr std::array<std::string_view, 53> kNames{"PATH",
                                                    "HOME",
                                                    "SHELL",
                                                    "ENV",
                                                    "BASH_ENV",
                                                    "BASHOPTS",
                                                    "SHELLOPTS",
                                                    "IFS",
                                                    "CDPATH",
                                                    "GLOBIGNORE",
                                                    "PS4",
                                                    "PROMPT_COMMAND",
                                                    "ZDOTDIR",
                                                    "NODE_OPTIONS",
                                                    "NODE_PATH",
                                                    "NODE_REPL_EXTERNAL_MODULE",
                                                    "PYTHONPATH",
                                                    "PYTHONHOME",
                                                    "PYTHONSTARTUP",
                                                    "PYTHONINSPECT",
                                                    "PYTHONUSERBASE",
                                                    "PYTHONWARNINGS",
                                                    "PYTHONBREAKPOINT",
                                                    "PYTHONPLATLIBDIR",
                                                    "PERL5LIB",
                                                    "PERLLIB",
                                                    "PERL5OPT",
                                                    "PERL5DB",
                                                    "RUBYOPT",
                                                    "RUBYLIB",
                                                    "GEM_PATH",
                                                    "GEM_HOME",
                                                    "BUNDLE_GEMFILE",
                                                    "CLASSPATH",
                                                    "JAVA_TOOL_OPTIONS",
                                                    "_JAVA_OPTIONS",
                                                    "JDK_JAVA_OPTIONS",
                                                    "LUA_PATH",
                                                    "LUA_CPATH",
                                                    "LUA_INIT",
                                                    "PHPRC",
                                                    "PHP_INI_SCAN_DIR",
                                                    "GCONV_PATH",
                                                    "LOCPATH",
                                                    "OPENSSL_CONF",
                                                    "OPENSSL_MODULES",
                                                    "GIT_SSH",
                                                    "GIT_SSH_COMMAND",
                                                    "GIT_EXEC_PATH",
                                                    "GIT_EXTERNAL_DIFF",
                                                    "GIT_PAGER",
                                                    "EDITOR",
                                                    "DOTNET_STARTUP_HOOKS"};
  return std::ranges::find(kNames, name) != kNames.end() ||
         std::ranges::any_of(kFamilies,
                             [name](std::string_view start) { return name.starts_with(start); });
}

}  // namespace spine::skills
