// AgentRequest: how the gateway would start an agent, as far as the command line can know it.
#pragma once

#include <string>

#include "adapters/agents/process/launch.h"
#include "adapters/cli/common.h"
#include "engine/config/config.h"

namespace spine::cli {

// What a start of the agent needs to know; its places are filled in by who asks. Stays where it is.
struct AgentRequest {
  AgentRequest(const Place& place, config::AgentConfig of, const std::string& token_file,
               const agents::SeparationMeans& with);
  AgentRequest(const AgentRequest&) = delete;
  AgentRequest& operator=(const AgentRequest&) = delete;
  // Borrows from here. REQUIRES: the agent is a program.
  agents::LaunchRequest launch() const;

  config::AgentConfig agent{};  // with its id as its directories are called
  agents::GatewayPlaces gateway{};
  agents::AgentPlaces places{};
  const agents::SeparationMeans& means;
};

}  // namespace spine::cli
