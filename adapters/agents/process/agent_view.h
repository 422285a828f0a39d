// AgentView: what an agent sees of the file system: what is hidden from it (above all the gateway's
// own files), and what it must see to run.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/trusted.h"

namespace spine::agents {

// Canonical folders and files. A mask on a single file is lost when the file is replaced, so its
// whole folder is hidden, except where programs need that folder.
struct OwnPlaces {
  Paths folders{};  // hidden with all that is in them
  Paths masks{};    // to be hidden one by one, in folders that programs need
  Paths files{};    // the configuration and the keys, with links to them
};
OwnPlaces own_places(const GatewayPlaces& gateway);

// The first of the gateway's own places (state directory, configuration, keys) that is `folder` or
// lies in it, as text for people; "" = none.
std::string own_place_within(const GatewayPlaces& gateway, const std::string& folder);

// A prefix is the folder a tool was installed into. It is never shown whole: tools keep credentials
// beside their programs (~/.x/bin and ~/.x/credentials.json, ~/.gem/credentials,
// ~/.local/share/keyrings). So an allow list: a deny list would miss the secrets of unknown tools.

// Whether programs in this folder (of a PATH) use files beside it, by the folder's name ("bin").
bool is_folder_of_programs(const std::string& folder);

// Whether it may hold more than one program's own files: a tool's folder with its bin, a folder of
// settings or data, anything whose name begins with a dot.
bool is_prefix(const std::string& folder);

// The existing parts of `prefix` that programs need, as absolute paths: bin, lib*, libexec; unless
// `is_home`, also where version managers and languages of a known layout keep programs.
std::vector<std::string> program_parts(const std::string& prefix, bool is_home);

// The package of a node program: its folder, or the one above, that has a package.json and is no
// prefix; "" = none.
std::string node_package_of(const std::string& program);

// The view of one agent. `program`: path of its command; `env`: its environment. Errors:
// Errc::invalid_argument when the configuration would show the gateway's own places, or names a
// path on which an agent can replace a symbolic link.
Result<MountPlan> agent_view(const LaunchRequest& request, const std::string& program,
                             const std::vector<std::string>& env);

}  // namespace spine::agents
