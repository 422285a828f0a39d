// Spawn: posix_spawn with three pipes; waiting for, killing and reaping the process.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "schemas/vocab/limits.h"
#include "schemas/vocab/result.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::agents {

struct ChildExit {
  int code{};    // -1 = ended by a signal
  int signal{};  // 0 = none
};

// The pipe ends here are non-blocking; the child's ends block.
struct Spawned {
  pid_t pid{};
  UniqueFd input{};   // to its stdin
  UniqueFd output{};  // from its stdout
  UniqueFd error{};   // from its stderr
  UniqueFd pidfd{};   // readable after its exit; none if the kernel has no pidfd
};

// Starts it as leader of a new session, with default signals, no descriptor but 0, 1 and 2 (and 3
// to read `third_input` from, when there is any), and exactly `env`. The memory of this process is
// not copied. Ignores SIGPIPE in this process unless it has a handler: a write to a closed pipe
// then fails with EPIPE instead. Thread: any. Errors: Errc::io, naming what the kernel refused.
Result<Spawned> spawn_process(const std::vector<std::string>& argv,
                              const std::vector<std::string>& env, const std::string& cwd,
                              const std::string& third_input = "");

// Whether the process ended. Does not reap it, so its pid is not reused.
bool has_ended(pid_t pid);

// Reaps the process. False if it has not ended. REQUIRES: `pid` is a child, not reaped yet.
bool reap(pid_t pid, ChildExit& exit);

// Sends SIGKILL to its process group, then waits for it, at most kAgentReapMsMax.
void kill_and_reap(pid_t pid, int pidfd);

struct CommandOutcome {
  ChildExit exit{};
  std::string output{};  // the first kAgentProbeBytesMax of stdout
  std::string error{};   // and of stderr
};

// Blocks at most `ms_max`, then kills it. Its stdin is empty. Errors: Errc::io,
// Errc::timed_out.
Result<CommandOutcome> run_command(const std::vector<std::string>& argv,
                                   const std::vector<std::string>& env,
                                   std::uint32_t ms_max = limits::kAgentProbeMsMax);

}  // namespace spine::agents
