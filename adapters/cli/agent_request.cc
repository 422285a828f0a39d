// AgentRequest: places and command of an agent.
#include "adapters/cli/agent_request.h"

#include "schemas/vocab/ascii.h"

namespace spine::cli {
AgentRequest::AgentRequest(const Place& place, config::AgentConfig of,
                           const std::string& token_file, const agents::SeparationMeans& with)
    : agent(std::move(of)),
      gateway(
          gateway::places_of_gateway(place.config, place.state_dir, place.config_path, token_file)),
      means(with) {
  agent.id = lower_case(agent.id);
}

agents::LaunchRequest AgentRequest::launch() const {
  const config::AgentProcess& process = agent.process;
  const std::string of_driver = process.driver == config::Driver::pi ? "pi" : process.preset;
  return {.agent = agent,
          .gateway = gateway,
          .places = places,
          .means = means,
          .command_line = {process.command.empty() ? of_driver : process.command}};
}

}  // namespace spine::cli
