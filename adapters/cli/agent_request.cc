// Places and command of an agent.
#include "adapters/cli/agent_request.h"

namespace spine::cli {

agents::GatewayPlaces places_of_gateway(const config::Config& config,
                                        const std::filesystem::path& state_dir,
                                        const std::filesystem::path& config_path,
                                        const std::string& token_file) {
  agents::GatewayPlaces places{.state_dir = state_dir.string(),
                               .config_path = config_path.string()};
  if (config.tls.enabled) places.key_paths.push_back(config.tls.key_path.string());
  if (!token_file.empty()) places.key_paths.push_back(token_file);
  for (const config::AgentConfig& agent : config.agents) {
    if (!agent.workspace.empty()) places.other_workspaces.push_back(agent.workspace);
  }
  return places;
}

std::string command_of(const config::AgentProcess& process) {
  if (!process.command.empty()) return process.command;
  return process.driver == config::Driver::pi ? "pi" : process.preset;
}

}  // namespace spine::cli
