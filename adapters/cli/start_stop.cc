// run, start, stop, restart: the gateway here, and in the background.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "adapters/cli/daemon.h"
#include "adapters/cli/output.h"
#include "adapters/cli/place.h"
#include "adapters/cli/process.h"
#include "adapters/cli/verb.h"
#include "adapters/client/http_get.h"
#include "adapters/loop/supervisor.h"
#include "engine/config/state_dir.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::cli {
namespace {

using client::Deadline;
using client::in_ms;
using client::left_ms;

constexpr auto kPoll = std::chrono::milliseconds(10);
constexpr std::uint64_t kReadyProbeMs = 1'000;

std::vector<std::string> daemon_command(const std::filesystem::path& program, const Common& common,
                                        const Place& place, bool accept_loss) {
  std::vector<std::string> words{program.string(),
                                 "run",
                                 "--background",
                                 "--state-dir",
                                 place.state_dir.string(),
                                 "--config",
                                 place.config_path.string()};
  if (accept_loss) words.emplace_back("--accept-loss");
  if (common.port) words.insert(words.end(), {"--port", std::to_string(*common.port)});
  if (!common.token_file.empty()) {
    words.insert(words.end(),
                 {"--token-file", std::filesystem::absolute(common.token_file).string()});
  }
  return words;
}

std::string all_of(int fd) {
  std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(fd, 0, SEEK_END), 0)), '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

bool ready(const Place& place, std::uint16_t port, Deadline deadline) {
  const Target target{.address = place.target.address,
                      .port = port,
                      .control = control_socket_path(place.state_dir).string()};
  const auto answer = client::http_get(target, "/ready", std::min(deadline, in_ms(kReadyProbeMs)));
  return answer && answer->status == 200;
}

// The daemon's end before it was ready: what it said goes to the terminal as it is.
int report_death(int status, int output_fd) {
  const std::string said = all_of(output_fd);
  if (!said.empty()) {
    fmt::print(stderr, "{}", printable(said, true));
  } else if (WIFSIGNALED(status)) {
    fmt::print(stderr, "Error: The gateway was ended by signal {} while it started.\n",
               WTERMSIG(status));
  } else {
    fmt::print(stderr, "Error: The gateway ended with code {} while it started.\n",
               WEXITSTATUS(status));
  }
  return kExitFailure;
}

int print_running(const Place& place, std::uint16_t port, pid_t pid, bool before, bool json) {
  const std::string where = address_text(place.config, port);
  if (json) {
    print_json(
        json_object({{"running", true}, {"wasRunning", before}, {"pid", pid}, {"address", where}}));
  } else {
    fmt::print("Spine runs{}: {} (pid {})\n", before ? " already" : "", where, pid);
  }
  return kExitOk;
}

// Whoever holds the state directory may be starting still. Nothing when it let go meanwhile.
std::optional<int> wait_for_holder(const Place& place, Deadline deadline, bool json) {
  pid_t pid = 0;
  do {
    const auto lock = config::read_lock(place.state_dir);
    if (!lock || !lock->running) return std::nullopt;
    pid = lock->pid;
    if (lock->port != 0 && ready(place, lock->port, deadline)) {
      return print_running(place, lock->port, pid, true, json);
    }
    std::this_thread::sleep_for(kPoll);
  } while (left_ms(deadline) > 0);
  fmt::print(stderr,
             "Error: A gateway (pid {}) holds this state directory and is not ready.\n"
             "To see what it does: spine logs --follow\n",
             pid);
  return kExitFailure;
}

// Waits until the child is ready, has died, or the time is over.
int wait_until_ready(pid_t child, const Place& place, int output_fd, Deadline deadline, bool json) {
  while (left_ms(deadline) > 0) {
    int status = 0;
    if (::waitpid(child, &status, WNOHANG) == child) return report_death(status, output_fd);
    const auto lock = config::read_lock(place.state_dir);
    if (lock && lock->running && lock->pid == child && lock->port != 0 &&
        ready(place, lock->port, deadline)) {
      return print_running(place, lock->port, child, false, json);
    }
    std::this_thread::sleep_for(kPoll);
  }
  fmt::print(stderr,
             "Error: The gateway (pid {}) is not ready yet and goes on starting.\n{}"
             "To see what it does: spine logs --follow\n",
             child, printable(all_of(output_fd), true));
  return kExitFailure;
}

Result<int> start_at(const Common& common, const Place& place, std::uint64_t timeout_s,
                     bool accept_loss) {
  if (place.config_error) return *place.config_error;
  const Deadline deadline = in_ms(timeout_s * 1000);
  if (const auto code = wait_for_holder(place, deadline, common.json)) return *code;
  SPINE_TRY(const std::filesystem::path program, own_program());
  // What the daemon prints until it is ready; from then on it writes to its own files.
  const UniqueFd output{::memfd_create("spine-start", MFD_CLOEXEC)};
  if (!output) return Error{Errc::io, fmt::format("memfd_create: {}.", strerror(errno))};
  if (!common.token.empty()) ::setenv("OPENCLAW_GATEWAY_TOKEN", common.token.c_str(), 1);
  const pid_t child =
      start_background(daemon_command(program, common, place, accept_loss), output.get());
  if (child < 0) return Error{Errc::io, fmt::format("fork: {}.", strerror(errno))};
  return wait_until_ready(child, place, output.get(), deadline, common.json);
}

// Errc::timed_out when it does not end in time.
Result<bool> stop_at(const Place& place, Deadline deadline) {
  SPINE_TRY(const config::LockInfo lock, config::read_lock(place.state_dir));
  if (!lock.running) return false;
  if (lock.pid <= 0) {
    return Error{Errc::io, fmt::format("The lock of {} does not say which process holds it.",
                                       place.state_dir.string())};
  }
  if (::kill(lock.pid, SIGTERM) != 0 && errno != ESRCH) {
    return Error{Errc::refused,
                 fmt::format("Cannot stop the gateway (pid {}): {}.", lock.pid, strerror(errno))};
  }
  for (;;) {
    SPINE_TRY(const config::LockInfo now, config::read_lock(place.state_dir));
    if (!now.running) return true;
    if (left_ms(deadline) == 0) {
      return Error{Errc::timed_out,
                   fmt::format("The gateway (pid {}) has not ended yet. It writes what it has to "
                               "disk; `spine status` shows whether it is still there.",
                               lock.pid)};
    }
    std::this_thread::sleep_for(kPoll);
  }
}

std::shared_ptr<bool> accept_loss_option(CLI::App& verb) {
  return option<bool>(verb, "--accept-loss",
                      "Start although the journal lacks events that it is known to have had");
}

std::shared_ptr<std::uint64_t> timeout_option(CLI::App& verb) {
  return option<std::uint64_t>(verb, "--timeout", "Seconds to wait at most", 30);
}

// What the process prints from now on, its last words included, goes to a file: the terminal that
// started it is not there for ever.
void leave_terminal(const std::filesystem::path& state_dir) {
  const auto path = state_dir / "logs" / "stderr.log";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return;
  ::dup2(fd, STDOUT_FILENO);
  ::dup2(fd, STDERR_FILENO);
  ::close(fd);
}

}  // namespace

Action run(CLI::App& verb) {
  examples(verb, {"spine run", "spine run --port 18790 --state-dir /tmp/spine"});
  // Started by `spine start`, with standard error in a file.
  const auto background = option<bool>(verb, "--background", "");
  verb.get_option("--background")->group("");
  const auto accept_loss = accept_loss_option(verb);
  return [=](const Common& common) -> Result<int> {
    loop::block_signals();
    Daemon daemon(common, {.accept_loss = *accept_loss, .background = *background});
    SPINE_TRY_STATUS(daemon.start());
    if (*background) leave_terminal(daemon.state_dir());
    daemon.serve();
    return kExitOk;
  };
}

Action start(CLI::App& verb) {
  examples(verb, {"spine start", "spine start --config ~/bot/openclaw.json"});
  const auto timeout_s = timeout_option(verb);
  const auto accept_loss = accept_loss_option(verb);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    return start_at(common, place, *timeout_s, *accept_loss);
  };
}

Action stop(CLI::App& verb) {
  examples(verb, {"spine stop", "spine stop --state-dir /tmp/spine"});
  const auto timeout_s = timeout_option(verb);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    SPINE_TRY(const bool stopped, stop_at(place, in_ms(*timeout_s * 1000)));
    if (common.json) {
      print_json(json_object({{"running", false}, {"wasRunning", stopped}}));
    } else {
      fmt::print("{}\n", stopped ? "Spine has stopped" : "Spine was not running");
    }
    return kExitOk;
  };
}

Action restart(CLI::App& verb) {
  examples(verb, {"spine restart"});
  const auto timeout_s = timeout_option(verb);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    // A broken configuration must not take a running gateway down.
    if (place.config_error) return *place.config_error;
    SPINE_TRY([[maybe_unused]] const bool stopped, stop_at(place, in_ms(*timeout_s * 1000)));
    return start_at(common, place, *timeout_s, false);
  };
}

}  // namespace spine::cli
