// skills_request and roots_of: where a configuration says to look, and what it says there is.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "adapters/skills/skill_set.h"
#include "engine/config/environment.h"

namespace spine::skills {
namespace {

// Numbers other than 0, texts that are not blank, true, lists and objects.
bool is_truthy_json(std::string_view json) {
  if (json.empty() || json == "null" || json == "false") return false;
  if (json.front() == '"') {
    const std::string_view inside = json.substr(1, json.size() - 2);
    return inside.find_first_not_of(" \t") != std::string_view::npos;
  }
  const bool number = json.front() == '-' || (json.front() >= '0' && json.front() <= '9');
  return !number || std::strtod(std::string(json).c_str(), nullptr) != 0;
}

std::string folder_of(const std::string& base, std::string_view below) {
  return base.empty() ? std::string{} : base + "/" + std::string(below);
}

}  // namespace

SkillsRequest skills_request(const config::Config& config, const std::filesystem::path& state_dir,
                             config::GetEnv getenv_fn) {
  SkillsRequest request;
  config::Findings ignored;  // the configuration was read with the same files, and said so
  const auto environment =
      std::make_shared<const config::Environment>(getenv_fn, config.path, ignored);
  request.home = environment->home().string();
  std::error_code code;
  const std::filesystem::path file = std::filesystem::absolute(config.path, code);
  request.managed = ((code ? config.path : file).parent_path() / "skills").string();
  request.skills = config.skills;
  request.env = [environment](const char* name) { return environment->find(name); };
  const auto shown = std::make_shared<config::Config>();
  shown->redacted_json = config.redacted_json;
  shown->port = config.port;
  request.truthy = [shown](std::string_view path) {
    const auto value = config::get_path(*shown, path);
    return value && is_truthy_json(*value);
  };
  for (const config::AgentConfig& agent : config.agents) {
    request.agents.push_back(
        {.id = agent.id,
         .workspace = agent.workspace.empty()
                          ? (state_dir / "agents" / agent.id / "workspace").string()
                          : agent.workspace,
         .allowed = agent.skills});
  }
  return request;
}

std::vector<SkillRoot> roots_of(const SkillsRequest& request) {
  std::vector<SkillRoot> roots;
  const auto add = [&roots](std::string path, std::string_view label, std::string_view agent) {
    if (path.empty()) return;
    while (path.size() > 1 && path.ends_with('/'))
      path.pop_back();
    roots.push_back({std::move(path), std::string(label), std::string(agent)});
  };
  for (const SkillsAgent& agent : request.agents) {
    add(folder_of(agent.workspace, "skills"), "workspace", agent.id);
    add(folder_of(agent.workspace, ".agents/skills"), "workspace-agents", agent.id);
  }
  add(folder_of(request.home, ".agents/skills"), "agents", {});
  add(request.managed, "managed", {});
  for (const std::string& folder : request.skills.extra_dirs)
    add(folder, "extra", {});
  return roots;
}

}  // namespace spine::skills
