// Places: where this gateway's own and its agents' directories are.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "engine/config/settings/agent_config.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

// Places of this gateway that agents must not see, and where theirs are. Absolute.
struct GatewayPlaces {
  std::string state_dir{};
  std::string config_path{};  // hidden, and what it includes with its folder
  std::vector<std::string>
      key_paths{};  // TLS key, token file and the like: hidden with their folders
  std::vector<std::string> other_workspaces{};  // of all agents; an agent does not see others' own
};

// Directories of one agent, made and owned as its processes need them.
struct AgentPlaces {
  std::string workspace{};
  std::string data_dir{};  // <state-dir>/agents/<id>/data
  std::string home{};      // <state-dir>/agents/<id>/home: its $HOME
  uid_t uid{};             // whom its processes run as
  gid_t gid{};
};
// Makes them (0700), owned by the user its processes run as. Errors: Errc::io, and when the
// workspace would give it the gateway's own: Errc::invalid_argument.
Result<AgentPlaces> make_places(const GatewayPlaces& gateway, const config::AgentConfig& agent);
// The same as far as they are there already; makes nothing, and looks for no user. Nothing when one
// of them is missing.
std::optional<AgentPlaces> find_places(const GatewayPlaces& gateway,
                                       const config::AgentConfig& agent);

}  // namespace spine::agents
