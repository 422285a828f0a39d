// skills.status: the skills of one agent, as OpenClaw's clients read them.
#include <algorithm>

#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"
#include "engine/core/session_key.h"

namespace spine::net::handlers {
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

void write_list(http::JsonWriter& json, std::string_view key,
                const std::vector<std::string>& names) {
  json.key(key);
  json.begin_array();
  for (const std::string& name : names)
    json.value(name);
  json.end_array();
}

void write_requirements(http::JsonWriter& json, const SkillReport& skill) {
  json.key("requirements");
  json.begin_object();
  write_list(json, "bins", skill.bins);
  write_list(json, "anyBins", skill.any_bins);
  write_list(json, "env", skill.env);
  write_list(json, "config", skill.config);
  write_list(json, "os", skill.os);
  json.end_object();
  json.key("missing");
  json.begin_object();
  write_list(json, "bins", skill.missing_bins);
  write_list(json, "anyBins", skill.missing_any_bins);
  write_list(json, "env", skill.missing_env);
  write_list(json, "config", skill.missing_config);
  write_list(json, "os", skill.missing_os);
  json.end_object();
  json.key("configChecks");
  json.begin_array();
  for (const std::string& path : skill.config) {
    json.begin_object();
    json.member("path", path);
    json.member("satisfied",
                std::ranges::find(skill.missing_config, path) == skill.missing_config.end());
    json.end_object();
  }
  json.end_array();
  json.key("install");
  json.begin_array();
  for (const pipeline::SkillInstall& install : skill.install) {
    json.begin_object();
    json.member("id", install.id);
    json.member("kind", install.kind);
    json.member("label", install.label);
    write_list(json, "bins", install.bins);
    json.end_object();
  }
  json.end_array();
}

void write_skill_status(http::JsonWriter& json, const SkillReport& skill, bool allowed) {
  json.begin_object();
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
  json.member("blockedByAllowlist", false);  // that is of bundled ones; there are none
  json.member("blockedByAgentFilter", !allowed);
  json.member("eligible", skill.eligible);
  json.member("platformIncompatible", !skill.missing_os.empty());
  const bool available = skill.eligible && allowed;
  json.member("modelVisible", available && skill.model_invocable);
  json.member("userInvocable", skill.user_invocable);
  json.member("commandVisible", available && skill.user_invocable);
  write_requirements(json, skill);
  write_list(json, "reasons", skill.reasons);
  json.end_object();
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
  const std::size_t own = out.size();  // by name
  const auto name_of = [](const SkillReport* skill) { return std::string_view(skill->name); };
  for (const SkillReport& skill : report->skills) {
    if (!skill.agent_id.empty()) continue;
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(own);
    const auto at = std::lower_bound(
        out.begin(), end, std::string_view(skill.name),
        [&](const SkillReport* a, std::string_view name) { return name_of(a) < name; });
    if (at == end || name_of(*at) != skill.name) out.push_back(&skill);
  }
  std::ranges::sort(out, {}, name_of);
  return out;
}

}  // namespace

void skills_status(Call& call) {
  constexpr TextRule kName{.bytes_max = limits::kKeyBytesMax};
  const config::Config& config = call.net.config();
  std::string_view id = call.params.text("agentId", kName);
  const std::string_view session_key = call.params.text("sessionKey", kName);
  if (!call.valid()) return;
  core::KeyBuffer named;
  if (!core::agent_of_typed_key(session_key, named)) return call.refuse_key(session_key);
  if (id.empty()) id = named.view();
  const config::AgentConfig* agent = find_agent(config, id.empty() ? config.default_agent : id);
  if (agent == nullptr) {
    return refuse(call.net, call.slot, call.id,
                  {.message = "unknown agent id \"" + std::string{id} + "\"",
                   .details = details_of("UNKNOWN_AGENT_ID", "unknown_agent")});
  }
  Response response{call.net, call.slot, call.id};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("workspaceDir", agent->workspace);
  json.member("managedSkillsDir", (config.path.parent_path() / "skills").string());
  json.member("agentId", agent->id);
  if (agent->skills) write_list(json, "agentSkillFilter", *agent->skills);
  json.key("skills");
  json.begin_array();
  for (const SkillReport* skill : skills_of(call.net.skills_report.get(), agent->id))
    write_skill_status(json, *skill, is_allowed(*agent, *skill));
  json.end_array();
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
