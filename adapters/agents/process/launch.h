// Launch: the full command line of an agent with its wrappers (sandbox, limits, user), its
// environment and its view of the file system.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "adapters/agents/process/child.h"
#include "adapters/agents/process/mount_plan.h"
#include "adapters/agents/process/places.h"
#include "engine/config/settings/agent_config.h"
#include "schemas/vocab/result.h"

namespace spine::agents {

// Which means of sandboxing this machine has; determined once per process.
struct SeparationMeans {
  std::string bubblewrap{};  // path; empty = not there, or it does not work here
  std::string setpriv{};     // path; empty = not there
  bool is_root{};
  std::string why_not{};  // why there is no bubblewrap, for people
  std::string prlimit{};  // path; empty = not there
};
SeparationMeans find_separation_means();

// Why the agent must not be started: the configuration asks for restrictions that cannot be
// enforced here. Empty = it may be started.
std::string policy_refusal(const config::AgentConfig& agent, const SeparationMeans& means);

struct LaunchRequest {
  const config::AgentConfig& agent;
  const GatewayPlaces& gateway;
  const AgentPlaces& places;
  const SeparationMeans& means;
  std::vector<std::string> command_line{};  // from the protocol; [0] is looked up
  std::vector<std::string> skill_dirs{};    // shown read-only
  std::vector<std::pair<std::string, std::string>> skill_env{};  // set only if not set otherwise
  // What people call whose program it is, and where its settings stand, when it is no agent's.
  std::string who{};      // "Channel shell"; empty = "Agent <id>"
  std::string keys{};     // "channels.shell."; empty = "agents.entries.<id>.spine."
  bool memory_is_held{};  // memory is bounded by a control group; else it is counted
};

// How the interpreter of an agent is run to ask for its version.
struct ProbeRules {
  std::vector<std::string> writable{};  // canonical: no program from there is run
  std::vector<std::string> wrapper{};   // put before the command: drops root's privileges
  uid_t uid{};                          // whom it is run as
  gid_t gid{};
  std::string path{};  // the folders of its PATH that it can see; empty = as in its environment
  bool allowed{};      // false: a root gateway has no way to drop its privileges
};

struct Launch {
  ChildPlan plan{};
  std::string program{};    // path of the agent's own program, without wrappers
  std::string sandbox{};    // the means used: "bubblewrap", "user <name>", "none"
  std::string seen_path{};  // its PATH, without folders that are hidden from it
  MountPlan view{};         // with bubblewrap; else empty: it sees what its user may
  ProbeRules probe{};       // for check_node_version
};
// Pure but for looking at the file system. Errors: Errc::not_found when the command is not on the
// agent's PATH, or the interpreter it needs is not, as far as the agent sees it, naming both, with
// the remedy; Errc::invalid_argument when the separation that is asked for is not possible, or
// nothing keeps a root gateway's agent from being root.
Result<Launch> prepare_launch(const LaunchRequest& request);

// "NAME=value" texts; the first is kOwnerVariable. `user_name` is who it runs as. Errors:
// Errc::invalid_argument naming a variable that agents cannot get, and why.
Result<std::vector<std::string>> agent_environment(const LaunchRequest& request,
                                                   const std::string& user_name);

// The exit of the program itself, of which its wrapper tells; `sandbox`: as in Launch.
ChildExit exit_of_program(const ChildExit& exit, std::string_view sandbox);
// "was ended by signal 9", "ended with exit code 1".
std::string exit_in_words(const ChildExit& exit);

// Delay before restart `crashes` (1 = after the first crash): base doubled each time, at most a
// minute, then plus or minus up to a fifth by `random`.
std::uint64_t back_off_ms(std::uint32_t base_ms, std::uint32_t crashes, std::uint64_t random);

}  // namespace spine::agents
