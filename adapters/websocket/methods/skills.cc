// skills.status: the skills of one agent, as OpenClaw's clients read them.
#include <algorithm>

#include "adapters/websocket/methods/methods.h"

namespace spine::net {
namespace {

using pipeline::SkillReport;

// Our names of roots, and OpenClaw's.
std::string_view source_of(std::string_view root) {
  if (root == "workspace") return "openclaw-workspace";
  if (root == "workspace-agents") return "agents-skills-project";
  if (root == "agents") return "agents-skills-personal";
  if (root == "managed") return "openclaw-managed";
  return "openclaw-extra";
}

void write_requirements(JsonWriter& json, const SkillReport& skill) {
  const auto write = [&json](std::string_view name, const auto& bins, const auto& any_bins,
                             const auto& env, const auto& config, const auto& os) {
    json.object(name, [&] {
      json.array("bins", bins);
      json.array("anyBins", any_bins);
      json.array("env", env);
      json.array("config", config);
      json.array("os", os);
    });
  };
  write("requirements", skill.bins, skill.any_bins, skill.env, skill.config, skill.os);
  write("missing", skill.missing_bins, skill.missing_any_bins, skill.missing_env,
        skill.missing_config, skill.missing_os);
  json.objects("configChecks", skill.config, [&](const std::string& path) {
    const auto& missing = skill.missing_config;
    json.member("path", path);
    json.member("satisfied", std::ranges::find(missing, path) == missing.end());
  });
  json.objects("install", skill.install, [&](const pipeline::SkillInstall& install) {
    json.member("id", install.id);
    json.member("kind", install.kind);
    json.member("label", install.label);
    json.array("bins", install.bins);
  });
}

void write_skill_status(JsonWriter& json, const SkillReport& skill, bool allowed) {
  json.member("name", skill.name);
  json.member("description", skill.description);
  json.member("source", source_of(skill.root));
  json.member("bundled", false);
  json.member("filePath", skill.path);
  json.member("baseDir", skill.directory);
  json.member("skillKey", skill.key);
  json.member_if("primaryEnv", skill.primary_env);
  json.member_if("emoji", skill.emoji);
  json.member_if("homepage", skill.homepage);
  json.member("always", skill.always);
  json.member("disabled", skill.disabled);
  json.member("blockedByAllowlist", false);  // only bundled skills can be; there are none
  json.member("blockedByAgentFilter", !allowed);
  json.member("eligible", skill.eligible);
  json.member("platformIncompatible", !skill.missing_os.empty());
  const bool available = skill.eligible && allowed;
  json.member("modelVisible", available && skill.model_invocable);
  json.member("userInvocable", skill.user_invocable);
  json.member("commandVisible", available && skill.user_invocable);
  write_requirements(json, skill);
  json.array("reasons", skill.reasons);
}

bool is_allowed(const config::AgentConfig& agent, const SkillReport& skill) {
  if (!agent.skills) return true;
  const auto names = [&skill](const std::string& name) {
    return name == skill.name || name == skill.key;
  };
  return std::ranges::any_of(*agent.skills, names);
}

// The agent's own and everybody's, each name once.
std::vector<const SkillReport*> skills_of(const pipeline::SkillsReport* report,
                                          std::string_view agent_id) {
  std::vector<const SkillReport*> out;
  if (report == nullptr) return out;
  for (const SkillReport& skill : report->skills) {
    if (skill.agent_id == agent_id) out.push_back(&skill);
  }
  const std::size_t own = out.size();
  const auto name_of = [](const SkillReport* skill) { return std::string_view(skill->name); };
  for (const SkillReport& skill : report->skills) {
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(own);
    if (!skill.agent_id.empty() || std::ranges::find(out.begin(), end, skill.name, name_of) != end)
      continue;
    out.push_back(&skill);
  }
  std::ranges::sort(out, {}, name_of);
  return out;
}

void skills_status(Call& call) {
  const config::AgentConfig* agent = named_agent(call);
  if (agent == nullptr) return;
  call.respond([&](JsonWriter& json) {
    json.member("workspaceDir", agent->workspace);
    json.member("managedSkillsDir", (call.net.config().path.parent_path() / "skills").string());
    json.member("agentId", agent->id);
    if (agent->skills) json.array("agentSkillFilter", *agent->skills);
    json.objects("skills", skills_of(call.net.skills_report.get(), agent->id),
                 [&](const SkillReport* skill) {
                   write_skill_status(json, *skill, is_allowed(*agent, *skill));
                 });
  });
}

constexpr Method kSkillsMethods[]{
    {"skills.status", Scope::read, kNamedAgent, skills_status},
};

}  // namespace

std::span<const Method> skills_methods() {
  return kSkillsMethods;
}

}  // namespace spine::net
