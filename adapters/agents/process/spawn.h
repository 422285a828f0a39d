// Spawn: posix_spawn with three pipes, and what is done with the process afterwards.
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

// Our ends of the pipes, not blocking; theirs block.
struct Spawned {
  pid_t pid{};
  UniqueFd input{};   // to its stdin
  UniqueFd output{};  // from its stdout
  UniqueFd error{};   // from its stderr
  UniqueFd pidfd{};   // readable when it ended; none where the kernel has no pidfd
};

// Starts it as leader of a new session, with default signals, no descriptor but 0, 1 and 2 (and 3
// to read `third_input` from, when there is any), and exactly `env`. The memory of this process is
// not copied. Ignores SIGPIPE in this process if nobody decided about it: pipes have no other way
// to report a reader that is gone. Thread: any. Errors: Errc::io, naming what the kernel refused.
Result<Spawned> spawn_process(const std::vector<std::string>& argv,
                              const std::vector<std::string>& env, const std::string& cwd,
                              const std::string& third_input = "");

// Whether the process ended; it stays a zombie, so its number stays its own.
bool has_ended(pid_t pid);

// Takes the zombie away. False when it has not ended. REQUIRES: `pid` is a child, not reaped yet.
bool reap(pid_t pid, ChildExit& exit);

// SIGKILL for what is left of its group, then waits for it, at most kAgentReapMsMax.
void kill_and_reap(pid_t pid, int pidfd);

struct CommandOutcome {
  ChildExit exit{};
  std::string output{};  // the first kAgentProbeBytesMax of stdout
  std::string error{};   // and of stderr
};

// Blocks at most `ms_max`; what runs on is killed. Its stdin is empty. Errors: Errc::io,
// Errc::timed_out.
Result<CommandOutcome> run_command(const std::vector<std::string>& argv,
                                   const std::vector<std::string>& env,
                                   std::uint32_t ms_max = limits::kAgentProbeMsMax);

}  // namespace spine::agents
