// AgentRequest: places and command of an agent.
#include "adapters/cli/agent_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "schemas/vocab/ascii.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

// Its own command, or that of its driver.
std::string command_of(const config::AgentProcess& process) {
  if (!process.command.empty()) return process.command;
  return process.driver == config::Driver::pi ? "pi" : process.preset;
}

}  // namespace

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

Result<config::AgentConfig> find_agent(const Place& place, const std::string& id) {
  std::vector<std::string> known;
  for (const config::AgentConfig& agent : place.config.agents) {
    if (lower_case(agent.id) == lower_case(id)) {
      config::AgentConfig found = agent;
      found.id = lower_case(agent.id);
      return found;
    }
    known.push_back(agent.id);
  }
  return Error{Errc::not_found,
               fmt::format("There is no agent \"{}\". Configured: {}.", printable(id),
                           printable(fmt::to_string(fmt::join(known, ", "))))};
}

AgentRequest::AgentRequest(const Place& place, config::AgentConfig of,
                           const std::string& token_file, const agents::SeparationMeans& with)
    : agent(std::move(of)),
      gateway(places_of_gateway(place.config, place.state_dir, place.config_path, token_file)),
      means(with) {
  agent.id = lower_case(agent.id);
}

agents::LaunchRequest AgentRequest::launch() const {
  return {.agent = agent,
          .gateway = gateway,
          .places = places,
          .means = means,
          .command_line = {command_of(agent.process)}};
}

}  // namespace spine::cli
