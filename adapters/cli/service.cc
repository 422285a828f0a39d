// run, start, stop, restart, install, uninstall: the gateway here, in the background, and as a
// systemd user service.
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "adapters/cli/common.h"
#include "adapters/cli/output.h"
#include "adapters/cli/process.h"
#include "adapters/cli/verb.h"
#include "adapters/gateway/daemon.h"
#include "adapters/loop/supervisor.h"
#include "engine/config/config.h"
#include "engine/state_dir/state_dir.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/unique_fd.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;
using client::Deadline;
using client::in_ms;
using client::left_ms;

constexpr auto kPoll = std::chrono::milliseconds(10);
constexpr std::uint64_t kReadyProbeMs = 1'000;

std::string all_of(int fd) {
  std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(fd, 0, SEEK_END), 0)), '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

// The daemon exited before it was ready: prints its output unchanged.
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

int show_running(const Common& common, const Place& place, const state_dir::LockInfo& lock,
                 bool before) {
  const std::string where = address_text(place.config, lock.port);
  return show(
      common,
      json_object(
          {{"running", true}, {"wasRunning", before}, {"pid", lock.pid}, {"address", where}}),
      fmt::format("Spine runs{}: {} (pid {})", before ? " already" : "", where, lock.pid));
}

// Whether the daemon that holds the lock accepts messages.
bool is_ready(const Place& place, const state_dir::LockInfo& lock, Deadline deadline) {
  if (!lock.running || lock.port == 0) return false;
  const Target target{.address = place.target.address,
                      .port = lock.port,
                      .control = control_socket_path(place.state_dir).string()};
  const auto answer = client::http_get(target, "/ready", std::min(deadline, in_ms(kReadyProbeMs)));
  return answer && answer->status == 200;
}

// Waits until the child, or without one the holder of the state directory's lock, is ready or has
// died, or until the deadline. Nothing if no process holds the lock.
std::optional<int> wait_until_ready(const Common& common, const Place& place, pid_t child,
                                    int output_fd, Deadline deadline) {
  state_dir::LockInfo lock;
  do {
    int status = 0;
    if (child != 0 && ::waitpid(child, &status, WNOHANG) == child) {
      return report_death(status, output_fd);
    }
    lock = place.lock();
    if (child == 0 && !lock.running) return std::nullopt;
    if ((child == 0 || lock.pid == child) && is_ready(place, lock, deadline)) {
      return show_running(common, place, lock, child == 0);
    }
    std::this_thread::sleep_for(kPoll);
  } while (left_ms(deadline) > 0);
  fmt::print(stderr,
             "Error: {}"
             "To see what it does: spine logs --follow\n",
             child == 0 ? fmt::format("A gateway (pid {}) holds this state directory and is not "
                                      "ready.\n",
                                      lock.pid)
                        : fmt::format("The gateway (pid {}) is not ready yet and goes on "
                                      "starting.\n{}",
                                      child, printable(all_of(output_fd), true)));
  return kExitFailure;
}

Result<int> start_at(const Common& common, const Place& place, std::uint64_t timeout_s,
                     bool accept_loss) {
  if (place.config_error) return *place.config_error;
  const Deadline deadline = in_ms(timeout_s * 1000);
  // The holder of the state directory's lock may still be starting.
  if (const auto code = wait_until_ready(common, place, 0, -1, deadline)) return *code;
  SPINE_TRY(const fs::path program, own_program());
  // Captures the daemon's output until it is ready; afterwards it writes to its own files.
  const UniqueFd output{::memfd_create("spine-start", MFD_CLOEXEC)};
  if (!output) return Error{Errc::io, fmt::format("memfd_create: {}.", strerror(errno))};
  if (!common.token.empty()) ::setenv("OPENCLAW_GATEWAY_TOKEN", common.token.c_str(), 1);
  std::vector<std::string> words{program.string(), "run", "--background"};
  words.insert(words.end(), {"--state-dir", place.state_dir.string()});
  words.insert(words.end(), {"--config", place.config_path.string()});
  if (accept_loss) words.emplace_back("--accept-loss");
  if (common.port) words.insert(words.end(), {"--port", std::to_string(*common.port)});
  if (!common.token_file.empty()) {
    words.insert(words.end(), {"--token-file", fs::absolute(common.token_file).string()});
  }
  const pid_t child = start_background(words, output.get());
  if (child < 0) return Error{Errc::io, fmt::format("fork: {}.", strerror(errno))};
  return *wait_until_ready(common, place, child, output.get(), deadline);
}

// Errc::timed_out when it does not end in time.
Result<bool> stop_at(const Place& place, Deadline deadline) {
  SPINE_TRY(const state_dir::LockInfo lock, state_dir::read_lock(place.state_dir));
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
    SPINE_TRY(const state_dir::LockInfo now, state_dir::read_lock(place.state_dir));
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

fs::path unit_path() {
  const fs::path home = is_set("HOME") ? environment("HOME") : ".";
  const fs::path configs =
      is_set("XDG_CONFIG_HOME") ? environment("XDG_CONFIG_HOME") : (home / ".config").string();
  return configs / "systemd" / "user" / "spine.service";
}

// A word of ExecStart=: quoted, with what systemd would expand doubled (systemd.service(5)).
std::string unit_word(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '%' || c == '$') out += c;
    out += c;
  }
  return out + "\"";
}

// The command with the paths that `spine run` uses here: a unit lacks this shell's environment.
std::string run_words(const fs::path& program, const Common& common) {
  std::string command = unit_word(program.string()) + " run";
  const auto add_path = [&command](const char* option, const fs::path& given,
                                   const fs::path& otherwise) {
    const fs::path& path = given.empty() ? otherwise : given;
    if (path.empty()) return;
    command += fmt::format(" {} {}", option, unit_word(fs::absolute(path).string()));
  };
  add_path("--config", common.config, config::default_config_path(environment));
  add_path("--state-dir", common.state_dir, config::default_state_dir(environment));
  add_path("--token-file", common.token_file, {});
  if (common.port) command += fmt::format(" --port {}", *common.port);
  return command;
}

std::string unit_text(const std::string& command) {
  return fmt::format(
      "[Unit]\n"
      "Description=Spine, a gateway for personal AI agents\n"
      "After=network.target\n\n"
      "[Service]\n"
      "Type=notify\n"
      "ExecStart={}\n"
      "ExecReload=/bin/kill -HUP $MAINPID\n"
      "Restart=on-failure\n"
      "RestartSec=2\n"
      "# Recovery folds the journal; a very long one without a snapshot takes minutes.\n"
      "TimeoutStartSec=900\n"
      "TimeoutStopSec=120\n"
      "WatchdogSec=120\n"
      "NoNewPrivileges=yes\n"
      "# Control groups below its own, in which agents are bounded and ended.\n"
      "Delegate=yes\n"
      "UMask=0077\n\n"
      "[Install]\n"
      "WantedBy=default.target\n",
      command);
}

// Why a unit would not run the same as `spine run` does here; empty if it would.
std::string objection(const Common& common) {
  if (!common.token.empty()) {
    return "--token does not go into a systemd unit, which is no place for a secret. Write the "
           "token into a file (chmod 600) and pass --token-file.";
  }
  if (common.token_file.empty() && is_set("OPENCLAW_GATEWAY_TOKEN")) {
    return "OPENCLAW_GATEWAY_TOKEN does not go into a systemd unit, which is no place for a "
           "secret. Write the token into a file (chmod 600) and pass --token-file, or unset it.";
  }
  if (!common.port && is_set("OPENCLAW_GATEWAY_PORT")) {
    return "OPENCLAW_GATEWAY_PORT is set here and is not in a unit's environment. Pass --port, or "
           "unset it.";
  }
  return {};
}

// Runs systemctl; prints an error if it is missing or fails.
bool systemctl(const std::vector<std::string>& words) {
  std::vector<std::string> command{"systemctl", "--user"};
  command.insert(command.end(), words.begin(), words.end());
  const int code = run_program(command);
  if (code != 0) {
    fmt::print(stderr, "`systemctl --user {}` failed ({}).\n", words.front(), code);
  }
  return code == 0;
}

Result<int> write_unit(const std::string& text) {
  const fs::path path = unit_path();
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return Error{Errc::io, fmt::format("Cannot write {}.", path.string())};
  fmt::print("Wrote {}\n", printable(path.string()));
  if (!systemctl({"daemon-reload"}) || !systemctl({"enable", "--now", "spine.service"})) {
    fmt::print(stderr,
               "The unit is there but does not run. Where systemd runs for you, do:\n"
               "  systemctl --user daemon-reload && systemctl --user enable --now spine.service\n"
               "To run without systemd: spine start\n");
    return kExitFailure;
  }
  fmt::print(
      "Spine runs now and at every login. To run it also without a login: "
      "loginctl enable-linger\n");
  return kExitOk;
}

}  // namespace

Action run(CLI::App& verb) {
  examples(verb, {"spine run", "spine run --port 18790 --state-dir /tmp/spine"});
  // Started by `spine start`, with standard error in a file.
  const auto background = option<bool>(verb, "--background", "");
  verb.get_option("--background")->group("");
  const auto dumpable = option<bool>(verb, "--dumpable", "Let debuggers of your user look into it");
  const auto accept_loss = accept_loss_option(verb);
  return [=](const Common& common) -> Result<int> {
    loop::block_signals();
    gateway::Daemon daemon(
        common, {.accept_loss = *accept_loss, .background = *background, .dumpable = *dumpable});
    SPINE_TRY_STATUS(daemon.start());
    if (*background) {
      // Later output, e.g. a fatal error, goes to a file: the terminal that started the process may
      // be closed.
      const auto path = daemon.state_dir() / "logs" / "stderr.log";
      const UniqueFd file(
          ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600));
      if (file) ::dup2(file.get(), STDOUT_FILENO);
      if (file) ::dup2(file.get(), STDERR_FILENO);
    }
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
    return show(common, json_object({{"running", false}, {"wasRunning", stopped}}),
                stopped ? "Spine has stopped" : "Spine was not running");
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

Action install(CLI::App& verb) {
  examples(verb, {"spine install", "spine install --print"});
  const auto print_only = option<bool>(verb, "--print", "Print the unit; change nothing");
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const fs::path program, own_program());
    if (const std::string why = objection(common); !why.empty()) {
      fmt::print(stderr, "Error: {}\n", why);
      return kExitUsage;
    }
    const std::string text = unit_text(run_words(program, common));
    if (!*print_only) return write_unit(text);
    fmt::print("{}", text);
    return kExitOk;
  };
}

Action uninstall(CLI::App& verb) {
  examples(verb, {"spine uninstall"});
  return [](const Common&) -> Result<int> {
    const fs::path path = unit_path();
    std::error_code error;
    if (!fs::exists(path, error)) {
      fmt::print("There is no unit at {}: nothing to do\n", printable(path.string()));
      return kExitOk;
    }
    const bool stopped = systemctl({"disable", "--now", "spine.service"});
    fs::remove(path, error);
    if (error) {
      return Error{Errc::io, fmt::format("Cannot remove {}: {}.", path.string(), error.message())};
    }
    const bool reloaded = systemctl({"daemon-reload"});
    fmt::print("Removed {}; configuration and state are untouched\n", printable(path.string()));
    return stopped && reloaded ? kExitOk : kExitFailure;
  };
}

}  // namespace spine::cli
