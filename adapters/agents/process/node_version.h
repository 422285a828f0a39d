// NodeVersion: whether the Node.js that would run a program satisfies its package's "engines".
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

using Version = std::array<std::uint32_t, 3>;

// "v22.19.0", "22.19": what is left out is 0. False when it starts with no number.
bool parse_version(std::string_view text, Version& version);

// Whether `range` (">=22.19.0", "^20.1 || >=22", ">=18 <23", "20.x", "*"), as npm understands it,
// contains the version. A range that is not understood counts as true: this check must not keep an
// agent from starting.
bool range_holds(std::string_view range, const Version& version);

ProbeRules probe_rules(const LaunchRequest& request);

// Whether the node that would run `program` (a path) is new enough for its package ("engines" in
// the package.json above it). Runs that node, outside of the sandbox but as the agent's user, for
// at most kAgentNodeProbeMsMax, and only if nobody but root and the gateway's user can have put it
// there. Errors: Errc::invalid_argument with both versions and the exact remedy. ok if it is no
// node program, or if the version cannot be determined.
Status check_node_version(const std::string& program, const std::vector<std::string>& env,
                          const ProbeRules& rules);

}  // namespace spine::agents
