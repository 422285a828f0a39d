// skills list, skills check: skills as a gateway with this configuration would find them; no
// gateway needs to run.
#include <algorithm>
#include <fmt/format.h>

#include "adapters/cli/common.h"
#include "adapters/cli/output.h"
#include "adapters/cli/verb.h"
#include "adapters/skills/skill_set.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
namespace {

using pipeline::FaultWeight;
using pipeline::SkillFault;
using pipeline::SkillReport;

std::string json_of(const skills::Skill& skill) {
  const SkillReport& report = skill.report;
  const std::string missing = json_object({{"bins", json_texts(report.missing_bins)},
                                           {"anyBins", json_texts(report.missing_any_bins)},
                                           {"env", json_texts(report.missing_env)},
                                           {"config", json_texts(report.missing_config)},
                                           {"os", json_texts(report.missing_os)}});
  return json_object({{"name", report.name},
                      {"description", report.description},
                      {"eligible", report.eligible},
                      {"disabled", report.disabled},
                      {"root", report.root},
                      Member::unless_empty("agentId", report.agent_id),
                      {"path", report.path},
                      {"skillKey", report.key},
                      {"reasons", json_texts(report.reasons)},
                      {"missing", Raw{missing}}});
}

std::string_view weight_name(FaultWeight weight) {
  return weight == FaultWeight::error     ? "error"
         : weight == FaultWeight::warning ? "warning"
                                          : "note";
}

Raw json_of(const std::vector<SkillFault>& faults) {
  return json_rows(faults, [](const SkillFault& fault) {
    return json_object({{"path", fault.path},
                        {"line", fault.line},
                        {"severity", weight_name(fault.weight)},
                        {"message", fault.message}});
  });
}

std::size_t count_of(const std::vector<SkillFault>& faults, FaultWeight weight) {
  return static_cast<std::size_t>(std::ranges::count(faults, weight, &SkillFault::weight));
}

Result<skills::SkillsRequest> configured_request(const Common& common) {
  SPINE_TRY(const Place place, locate(common));
  if (place.config_error) return *place.config_error;
  return skills::skills_request(place.config, place.state_dir, environment);
}

// The request for one folder alone, without the configuration's roots.
Result<skills::SkillsRequest> folder_request(const std::string& name) {
  std::error_code code;
  const std::filesystem::path folder = std::filesystem::absolute(name, code).lexically_normal();
  if (code || !std::filesystem::is_directory(folder, code)) {
    return Error{Errc::not_found,
                 fmt::format("There is no folder {}; name the folder of a skill, or one with "
                             "skills in it.",
                             name)};
  }
  skills::SkillsRequest request;
  request.skills.extra_dirs = {folder.string()};
  request.env = environment;
  request.truthy = [](std::string_view) { return true; };
  return request;
}

std::string counted(std::size_t n, std::string_view what) {
  return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s");
}

// The first line of a description, cut for a terminal.
std::string short_text(const std::string& description) {
  constexpr std::size_t kCharactersMax = 60;
  std::string out;
  std::size_t characters = 0;
  for (const char c : description.substr(0, description.find('\n'))) {
    if (!continues_character(c) && ++characters > kCharactersMax) return out + "...";
    out.push_back(c);
  }
  return out;
}

void print_skills(const std::vector<const skills::Skill*>& list) {
  Table table({"Name", "State", "From", "Agent", "Description"});
  for (const skills::Skill* skill : list) {
    const SkillReport& report = skill->report;
    table.add({report.name,
               report.eligible   ? "ready"
               : report.disabled ? "off"
                                 : "not eligible",
               report.root, report.agent_id.empty() ? "all" : report.agent_id,
               short_text(report.description)});
  }
  fmt::print("{}", table.text());
  for (const skills::Skill* skill : list) {
    if (skill->report.reasons.empty()) continue;
    fmt::print("\n{}:\n", printable(skill->report.name));
    for (const std::string& reason : skill->report.reasons)
      fmt::print("  {}\n", printable(reason));
  }
}

}  // namespace

Action skills_list(CLI::App& verb) {
  examples(verb, {"spine skills list", "spine skills list --agent main --eligible"});
  const auto agent = option(verb, "--agent", "Only skills of this agent");
  const auto eligible = option<bool>(verb, "--eligible", "Only those that can be used");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const skills::SkillsRequest request, configured_request(common));
    if (!agent->empty() && std::ranges::find(request.agents, *agent, &skills::SkillsAgent::id) ==
                               request.agents.end()) {
      return Error{Errc::not_found,
                   fmt::format("There is no agent {}; see the agents section of the configuration.",
                               *agent)};
    }
    const skills::SkillSet set = skills::scan(request);
    std::vector<const skills::Skill*> list;
    const std::vector<const skills::Skill*> given = set.for_agent(*agent);
    for (const skills::Skill& skill : set.skills()) {
      const bool is_given = std::ranges::find(given, &skill) != given.end();
      const bool own = agent->empty() || is_given || skill.report.agent_id == *agent ||
                       (skill.report.agent_id.empty() && !skill.report.eligible);
      if (!own || (*eligible && !skill.report.eligible)) continue;
      list.push_back(&skill);
    }
    if (common.json) {
      const Raw rows = json_rows(list, [](const skills::Skill* skill) { return json_of(*skill); });
      return show(common, json_object({{"skills", rows}, {"faults", json_of(set.faults())}}));
    }
    if (list.empty()) {
      fmt::print("No skills. They are looked for in:\n");
      for (const skills::SkillRoot& root : set.roots())
        fmt::print("  {}\n", printable(root.path));
    } else {
      print_skills(list);
    }
    const std::size_t errors = count_of(set.faults(), FaultWeight::error);
    if (errors != 0) {
      fmt::print("\n{} in other skills, which are not used; see `spine skills check`.\n",
                 counted(errors, "fault"));
    }
    return kExitOk;
  };
}

Action skills_check(CLI::App& verb) {
  examples(verb, {"spine skills check", "spine skills check ./my-skill"});
  const auto folder = option(
      verb, "folder", "A skill, or a folder with some (default: where the configuration says)");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const skills::SkillsRequest request,
              folder->empty() ? configured_request(common) : folder_request(*folder));
    const skills::SkillSet set = skills::scan(request);
    const std::size_t errors = count_of(set.faults(), FaultWeight::error);
    const std::size_t warnings = count_of(set.faults(), FaultWeight::warning);
    const bool good = errors + warnings == 0;
    if (common.json) {
      print_json(json_object(
          {{"lookedAt", set.looked_at()}, {"ok", good}, {"faults", json_of(set.faults())}}));
      return good ? kExitOk : kExitFailure;
    }
    // "path:line: message", as compilers write it.
    for (const SkillFault& fault : set.faults()) {
      fmt::print(
          "{}:{} {}{}\n", printable(fault.path),
          fault.line == 0 ? std::string{} : fmt::format("{}:", fault.line),
          fault.weight == FaultWeight::error ? "" : fmt::format("{}: ", weight_name(fault.weight)),
          printable(fault.message));
    }
    fmt::print(
        "{} looked at{}.\n", counted(set.looked_at(), "skill"),
        good ? ", no fault found"
             : fmt::format(": {}, {}", counted(errors, "fault"), counted(warnings, "warning")));
    return good ? kExitOk : kExitFailure;
  };
}

}  // namespace spine::cli
