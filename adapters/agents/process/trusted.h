// Trusted paths: resolves paths, but follows no symbolic link that an agent may have made.
#pragma once

#include <string>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/users.h"

namespace spine::agents {

using Paths = std::vector<std::string>;

// The canonical path; "" when it is not there.
std::string canonical_path(const std::string& path);

// Places that agents can write to. Canonical; missing ones are left out.
struct WritablePlaces {
  Paths own{};     // of this agent: its workspace, data, home and sandbox.write
  Paths others{};  // workspaces of other agents, and the folder of all agents' directories

  Paths all() const;
};
WritablePlaces writable_places(const LaunchRequest& request);

// Whether `path` is one of the places, or below one. All canonical.
bool is_within_any(const std::string& path, const Paths& places);
// Whether it is below one of them, and not one of them itself.
bool is_below_any(const std::string& path, const Paths& places);

// The canonical path; "" if it is not absolute, does not exist, or goes through a symbolic link in
// one of the `writable` places: whoever can write there chose its target.
std::string trusted_path(const std::string& path, const Paths& writable);

// As link_chain() (program.h), but ends before the first such link is followed.
Paths trusted_chain(const std::string& path, const Paths& writable);

// Whether only root or the gateway's user can have put the program there: neither it nor a folder
// or link on its path can be changed by `agent` or lies in one of the `writable` places.
bool may_be_run(const std::string& program, const Paths& writable, const SystemUser& agent);

}  // namespace spine::agents
