// Environment: variables of the process, and those of .env files that it does not have.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "engine/config/config.h"
#include "engine/config/source/findings.h"

namespace spine::config {

// Reads .env beside the configuration file and ~/.openclaw/.env; the first that has a variable
// counts, and the process's own environment before both. A line is KEY=VALUE, perhaps after
// "export "; the value may stand in ' or " ("\n", "\"" and "\\" mean what they do in a shell's
// $'..'), and without quotes ends at " #". Lines that are none of this are findings (warnings), and
// so is a file that others can read; one that others can write is an error. Bounds:
// kDotEnvBytesMax, kDotEnvVariablesMax. Thread: any, after construction.
class Environment {
 public:
  Environment(GetEnv getenv_fn, const std::filesystem::path& config_path, Findings& findings,
              Given given = {});

  // Null when unset. An empty variable of the process is set. Borrowed.
  const char* find(std::string_view name) const;
  std::filesystem::path home() const;
  // What the command line gave.
  Given given() const { return given_; }
  // Whether something else is used in place of gateway.auth.<key>: then what the file has there
  // does not matter.
  bool stands_in_for(std::string_view key) const;

 private:
  void read_file(const std::filesystem::path& path, Findings& findings);
  void read_lines(std::string_view text, const std::filesystem::path& path, Findings& findings);

  GetEnv getenv_;
  Given given_;
  std::map<std::string, std::string, std::less<>> variables_{};
};

}  // namespace spine::config
