// skills list, skills check: skills as a gateway with this configuration finds them. Neither needs
// one to run.
#include <algorithm>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "adapters/cli/place.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "adapters/http/json.h"
#include "adapters/skills/skill_set.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
namespace {

using pipeline::FaultWeight;
using pipeline::SkillFault;
using pipeline::SkillReport;

void write_names(http::JsonWriter& json, std::string_view key,
                 const std::vector<std::string>& names) {
  json.key(key);
  json.begin_array();
  for (const std::string& name : names)
    json.value(name);
  json.end_array();
}

void write_skill(http::JsonWriter& json, const skills::Skill& skill) {
  const SkillReport& report = skill.report;
  json.begin_object();
  json.member("name", report.name);
  json.member("description", report.description);
  json.member("eligible", report.eligible);
  json.member("disabled", report.disabled);
  json.member("root", report.root);
  json.member_if("agentId", report.agent_id);
  json.member("path", report.path);
  json.member("skillKey", report.key);
  write_names(json, "reasons", report.reasons);
  json.key("missing");
  json.begin_object();
  write_names(json, "bins", report.missing_bins);
  write_names(json, "anyBins", report.missing_any_bins);
  write_names(json, "env", report.missing_env);
  write_names(json, "config", report.missing_config);
  write_names(json, "os", report.missing_os);
  json.end_object();
  json.end_object();
}

std::string_view weight_name(FaultWeight weight) {
  switch (weight) {
    case FaultWeight::error:
      return "error";
    case FaultWeight::warning:
      return "warning";
    case FaultWeight::note:
      break;
  }
  return "note";
}

void write_faults(http::JsonWriter& json, const std::vector<SkillFault>& faults) {
  json.key("faults");
  json.begin_array();
  for (const SkillFault& fault : faults) {
    json.begin_object();
    json.member("path", fault.path);
    json.member("line", fault.line);
    json.member("severity", weight_name(fault.weight));
    json.member("message", fault.message);
    json.end_object();
  }
  json.end_array();
}

std::size_t count_of(const std::vector<SkillFault>& faults, FaultWeight weight) {
  return static_cast<std::size_t>(std::ranges::count(faults, weight, &SkillFault::weight));
}

// "path:line: message", as compilers write it.
void print_faults(const std::vector<SkillFault>& faults) {
  for (const SkillFault& fault : faults) {
    fmt::print(
        "{}:{} {}{}\n", printable(fault.path),
        fault.line == 0 ? std::string{} : fmt::format("{}:", fault.line),
        fault.weight == FaultWeight::error ? "" : fmt::format("{}: ", weight_name(fault.weight)),
        printable(fault.message));
  }
}

Result<skills::SkillsRequest> configured_request(const Arguments& args) {
  SPINE_TRY(const Place place, locate(args.common));
  if (place.config_error) return *place.config_error;
  return skills::skills_request(place.config, place.state_dir, environment);
}

// What is below one folder, whatever the configuration says.
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

// One line a skill, the first of its description, not too long for a terminal.
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

std::vector<const skills::Skill*> chosen_skills(const skills::SkillSet& set,
                                                const SkillsArguments& wanted) {
  std::vector<const skills::Skill*> out;
  const std::vector<const skills::Skill*> given = set.for_agent(wanted.agent);
  for (const skills::Skill& skill : set.skills()) {
    const bool is_given = std::ranges::find(given, &skill) != given.end();
    const bool own = wanted.agent.empty() || is_given || skill.report.agent_id == wanted.agent ||
                     (skill.report.agent_id.empty() && !skill.report.eligible);
    if (!own || (wanted.eligible && !skill.report.eligible)) continue;
    out.push_back(&skill);
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

int skills_list(const Arguments& args) {
  const auto request = configured_request(args);
  if (!request) return fail(request.error());
  const std::string& agent = args.skills.agent;
  if (!agent.empty() && std::ranges::find(request->agents, agent, &skills::SkillsAgent::id) ==
                            request->agents.end()) {
    return fail(
        {Errc::not_found,
         fmt::format("There is no agent {}; see the agents section of the configuration.", agent)});
  }
  const skills::SkillSet set = skills::scan(*request);
  const std::vector<const skills::Skill*> list = chosen_skills(set, args.skills);
  if (args.common.json) {
    std::string text;
    http::JsonWriter json(text);
    json.begin_object();
    json.key("skills");
    json.begin_array();
    for (const skills::Skill* skill : list)
      write_skill(json, *skill);
    json.end_array();
    write_faults(json, set.faults());
    json.end_object();
    print_json(text);
    return kExitOk;
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
}

int skills_check(const Arguments& args) {
  const auto request =
      args.skills.folder.empty() ? configured_request(args) : folder_request(args.skills.folder);
  if (!request) return fail(request.error());
  const skills::SkillSet set = skills::scan(*request);
  const std::size_t errors = count_of(set.faults(), FaultWeight::error);
  const std::size_t warnings = count_of(set.faults(), FaultWeight::warning);
  const int code = errors + warnings == 0 ? kExitOk : kExitFailure;
  if (args.common.json) {
    std::string text;
    http::JsonWriter json(text);
    json.begin_object();
    json.member("lookedAt", set.looked_at());
    json.member("ok", code == kExitOk);
    write_faults(json, set.faults());
    json.end_object();
    print_json(text);
    return code;
  }
  print_faults(set.faults());
  if (code == kExitOk) {
    fmt::print("{} looked at, no fault found.\n", counted(set.looked_at(), "skill"));
  } else {
    fmt::print("{} looked at: {}, {}.\n", counted(set.looked_at(), "skill"),
               counted(errors, "fault"), counted(warnings, "warning"));
  }
  return code;
}

}  // namespace spine::cli
