// install, uninstall: the systemd user unit that runs the gateway.
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "adapters/cli/place.h"
#include "adapters/cli/process.h"
#include "adapters/cli/verb.h"
#include "engine/config/config.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;

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

// What `spine run` would use here and now. A unit does not see this shell's environment.
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

// Why the unit could not run what `spine run` would run here; empty when it can.
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
