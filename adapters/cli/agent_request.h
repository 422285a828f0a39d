// AgentRequest: how the gateway would start an agent, as far as the command line can know it.
#pragma once

#include <string>

#include "adapters/agents/process/launch.h"
#include "adapters/cli/common.h"
#include "engine/config/config.h"

namespace spine::cli {

// The data for a LaunchRequest, which borrows it, so not movable. The caller fills in `places`.
struct AgentRequest {
  AgentRequest(const Place& place, config::AgentConfig of, const std::string& token_file,
               const agents::SeparationMeans& with);
  AgentRequest(const AgentRequest&) = delete;
  AgentRequest& operator=(const AgentRequest&) = delete;
  // Borrows from this object. REQUIRES: the agent is an external program.
  agents::LaunchRequest launch() const;

  config::AgentConfig agent{};  // with its id in lower case, as its directories are named
  agents::GatewayPlaces gateway{};
  agents::AgentPlaces places{};
  const agents::SeparationMeans& means;
};

}  // namespace spine::cli
