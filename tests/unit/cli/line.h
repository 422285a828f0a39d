// Line: a command line as it was parsed, with what was given.
#pragma once

#include <string>
#include <vector>

#include "adapters/cli/command_line.h"

namespace spine::test {

struct Line {
  explicit Line(const std::vector<std::string>& words) : parsed(line.parse(words)) {}
  bool done() const { return !parsed.action; }
  std::string value(const std::string& option) const {
    return parsed.verb->get_option(option)->as<std::string>();
  }
  bool has(const std::string& option) const { return parsed.verb->count(option) != 0; }

  cli::CommandLine line{};
  cli::Parsed parsed{};
};

}  // namespace spine::test
