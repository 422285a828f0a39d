// Orphans: agents of a gateway that was killed, found by the mark in their environment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace spine::agents {

// Marks every agent process of this gateway, so that a later start finds those that are left.
inline constexpr std::string_view kOwnerVariable = "SPINE_AGENT_OWNER";
// Value of that variable, derived from the state directory.
std::string owner_mark(std::string_view state_dir);
// Kills (SIGKILL) every process that bears the mark and is not a child of this process; returns how
// many. Called at start, before any agent is.
std::uint32_t sweep_orphans(std::string_view mark);

}  // namespace spine::agents
