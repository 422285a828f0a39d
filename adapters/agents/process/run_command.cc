// poll() over the pipes of one process until it ends.
#include "adapters/agents/process/run_command.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "adapters/agents/process/spawn.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::agents {
namespace {

// Takes what is there; lets go of the pipe at its end.
void collect(UniqueFd& fd, std::string& text) {
  std::array<char, 4'096> buffer;
  const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    fd = UniqueFd();
    return;
  }
  const std::size_t room = limits::kAgentProbeBytesMax - text.size();
  text.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
}

}  // namespace

Result<CommandOutcome> run_command(const std::vector<std::string>& argv,
                                   const std::vector<std::string>& env, std::uint32_t ms_max) {
  using Clock = std::chrono::steady_clock;
  SPINE_TRY(Spawned child, spawn_process(argv, env, ""));
  child.input = UniqueFd();
  CommandOutcome outcome;
  const auto deadline = Clock::now() + std::chrono::milliseconds(ms_max);
  while (!has_ended(child.pid)) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      kill_and_reap(child.pid, child.pidfd.get());
      return Error{Errc::timed_out, fmt::format("{} did not end within {}.", printable(argv[0]),
                                                show_duration_ms(ms_max))};
    }
    std::array<pollfd, 3> entries{pollfd{child.output.get(), POLLIN, 0},
                                  pollfd{child.error.get(), POLLIN, 0},
                                  pollfd{child.pidfd.get(), POLLIN, 0}};
    const auto wait = child.pidfd ? left : std::min<decltype(left)>(left, 10);
    ::poll(entries.data(), entries.size(), static_cast<int>(wait));
    if (entries[0].revents != 0) collect(child.output, outcome.output);
    if (entries[1].revents != 0) collect(child.error, outcome.error);
  }
  ::kill(-child.pid, SIGKILL);
  reap(child.pid, outcome.exit);
  if (child.output) collect(child.output, outcome.output);
  if (child.error) collect(child.error, outcome.error);
  return outcome;
}

}  // namespace spine::agents
