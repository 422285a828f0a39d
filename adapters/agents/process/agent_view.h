// AgentView: what an agent sees of the file system: what of this machine is hidden from it, the
// gateway's own above all, and what it has to be shown so that it runs.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/trusted.h"

namespace spine::agents {

// Canonical folders and files. A file alone is masked as it is now, and seen again once another is
// put in its place: so it is its folder that is hidden, but where programs need that folder.
struct OwnPlaces {
  Paths folders{};  // hidden with all that is in them
  Paths masks{};    // folders, and files that are in those programs need
  Paths files{};    // the configuration and the keys, with links to them
};
OwnPlaces own_places(const GatewayPlaces& gateway);

// The first of the gateway's own (state directory, configuration, keys) that lies in `folder`, or
// is it, with its name for people; "" = none.
std::string own_place_within(const GatewayPlaces& gateway, const std::string& folder);

// A prefix is the folder a tool was installed into. It is never shown whole: tools keep what opens
// accounts beside their programs (~/.x/bin and ~/.x/credentials.json, ~/.gem/credentials,
// ~/.local/share/keyrings), so a rule that says "all of the prefix but what is known to be secret"
// is wrong the day the next tool comes.

// Whether the name of the folder (of a PATH) says that its programs use what lies beside it.
bool is_folder_of_programs(const std::string& folder);

// Whether more than one program's own files may lie in it: a tool's folder with its bin, a folder
// of settings or of data, anything whose name begins with a dot.
bool is_prefix(const std::string& folder);

// What of `prefix` programs need, with absolute paths: bin, lib*, libexec; and, unless `is_home`,
// where version managers and languages of a known layout keep what they run. Only what is there.
std::vector<std::string> program_parts(const std::string& prefix, bool is_home);

// The package of a node program: the folder of the program, or the one above it, with a
// package.json and without being a prefix for other reasons; "" = none.
std::string node_package_of(const std::string& program);

// The view of one agent. `program`: path of its command; `env`: its environment. Errors:
// Errc::invalid_argument when the configuration would show the gateway's own places, or names a
// path that an agent can bend.
Result<MountPlan> agent_view(const LaunchRequest& request, const std::string& program,
                             const std::vector<std::string>& env);

}  // namespace spine::agents
