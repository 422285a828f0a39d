// Places: paths of the gateway's own directories and of its agents' directories.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "engine/config/settings/agent_config.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

// Paths of this gateway that agents must not see, and the workspaces of all agents. Absolute.
struct GatewayPlaces {
  std::string state_dir{};
  std::string config_path{};  // hidden with its folder, where included files are
  std::vector<std::string>
      key_paths{};  // TLS key, token file and the like: hidden with their folders
  std::vector<std::string> other_workspaces{};  // of all agents; an agent sees only its own
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
// The same directories if all exist already; else nothing. Makes nothing, and fills in no user.
std::optional<AgentPlaces> find_places(const GatewayPlaces& gateway,
                                       const config::AgentConfig& agent);

}  // namespace spine::agents
