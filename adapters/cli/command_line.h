// CommandLine: turns arguments into a verb with its options, and describes them.
#pragma once

#include <string>
#include <vector>

#include "adapters/cli/arguments.h"

namespace spine::cli {

// What parsing came to: arguments to act on, or text to print and an exit code.
struct Parsed {
  Arguments arguments{};
  bool done{};  // print `text` and exit with `exit_code`
  std::string text{};
  int exit_code{};
};

// `words` without the program's name.
Parsed parse(const std::vector<std::string>& words);

// One verb as completions need it.
struct VerbHelp {
  std::string path{};  // "sessions list"
  std::string description{};
  std::vector<std::string> options{};  // "--json", ...
};
std::vector<VerbHelp> verbs();

// If the first word that is not a common option is `journal` or `replay`: the words from there on
// without common options, and those in `common`. Empty otherwise. These verbs belong to the sibling
// program spine-replay.
std::vector<std::string> replay_words(const std::vector<std::string>& words, Common& common);

}  // namespace spine::cli
