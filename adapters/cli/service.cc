// install, uninstall: the systemd user unit that runs the gateway.
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "adapters/cli/place.h"
#include "adapters/cli/process.h"
#include "adapters/cli/self.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;

fs::path unit_path() {
  if (const char* dir = environment("XDG_CONFIG_HOME"); dir != nullptr && *dir != '\0') {
    return fs::path(dir) / "systemd" / "user" / "spine.service";
  }
  const char* home = environment("HOME");
  return fs::path(home != nullptr ? home : ".") / ".config" / "systemd" / "user" / "spine.service";
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

std::string unit_text(const fs::path& program, const Common& common) {
  std::string command = unit_word(program.string()) + " run";
  const auto add_path = [&command](const char* option, const std::string& path) {
    if (!path.empty()) command += fmt::format(" {} {}", option, unit_word(fs::absolute(path)));
  };
  add_path("--config", common.config);
  add_path("--state-dir", common.state_dir);
  add_path("--token-file", common.token_file);
  if (common.port) command += fmt::format(" --port {}", *common.port);
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
      "UMask=0077\n\n"
      "[Install]\n"
      "WantedBy=default.target\n",
      command);
}

// Runs systemctl; says so when it is not there or fails.
bool systemctl(const std::vector<std::string>& words) {
  std::vector<std::string> command{"systemctl", "--user"};
  command.insert(command.end(), words.begin(), words.end());
  const int code = run_program(command);
  if (code != 0) {
    fmt::print(stderr, "`systemctl --user {}` failed ({}).\n", words.front(), code);
  }
  return code == 0;
}

}  // namespace

int install(const Arguments& args) {
  const auto program = own_program();
  if (!program) return fail(program.error());
  const std::string text = unit_text(*program, args.common);
  if (args.print_only) {
    fmt::print("{}", text);
    return kExitOk;
  }
  const fs::path path = unit_path();
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return fail({Errc::io, fmt::format("Cannot write {}.", path.string())});
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

int uninstall(const Arguments&) {
  const fs::path path = unit_path();
  std::error_code error;
  if (!fs::exists(path, error)) {
    fmt::print("There is no unit at {}: nothing to do\n", printable(path.string()));
    return kExitOk;
  }
  const bool stopped = systemctl({"disable", "--now", "spine.service"});
  fs::remove(path, error);
  if (error) {
    return fail({Errc::io, fmt::format("Cannot remove {}: {}.", path.string(), error.message())});
  }
  const bool reloaded = systemctl({"daemon-reload"});
  fmt::print("Removed {}; configuration and state are untouched\n", printable(path.string()));
  return stopped && reloaded ? kExitOk : kExitFailure;
}

}  // namespace spine::cli
