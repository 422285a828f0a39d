// Trusted paths: where a path leads when no agent can have bent it.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/users.h"

namespace spine::agents {

using Paths = std::vector<std::string>;

// The canonical path; "" when it is not there.
std::string canonical_path(const std::string& path);

// What agents can write. Canonical; what is not there is left out.
struct WritablePlaces {
  Paths own{};     // of this agent: its workspace, data, home and sandbox.write
  Paths others{};  // workspaces of the others, and the folder that holds all that agents were given

  Paths all() const;
};
WritablePlaces writable_places(const LaunchRequest& request);

// Whether `path` is one of the places, or below one. All canonical.
bool is_within_any(const std::string& path, const Paths& places);
// Whether it is below one of them, and none of them itself.
bool is_below_any(const std::string& path, const Paths& places);

// The canonical path; "" when it is not absolute or not there, or when a symbolic link that lies in
// one of the `writable` places is on the way: whoever can write there chose where it leads.
std::string trusted_path(const std::string& path, const Paths& writable);

// As link_chain() (program.h), but it ends where the first such link would be followed.
Paths trusted_chain(const std::string& path, const Paths& writable);

// Whether the program is what root or the gateway's user put there: neither it nor a folder or link
// that leads to it can be changed by `agent`, or lies in one of the `writable` places.
bool may_be_run(const std::string& program, const Paths& writable, const SystemUser& agent);

}  // namespace spine::agents
