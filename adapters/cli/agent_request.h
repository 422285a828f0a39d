// AgentRequest: how the gateway would start an agent, as far as the command line can know it.
#pragma once

#include <filesystem>
#include <string>

#include "adapters/agents/process/launch.h"
#include "engine/config/config.h"

namespace spine::cli {

// What of the gateway agents must not see. `token_file`: as given on its command line.
agents::GatewayPlaces places_of_gateway(const config::Config& config,
                                        const std::filesystem::path& state_dir,
                                        const std::filesystem::path& config_path,
                                        const std::string& token_file);

// The command of an agent that is a program: its own, or that of its driver.
std::string command_of(const config::AgentProcess& process);

}  // namespace spine::cli
