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
