// CommandLine: the parser of the verbs and their options.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapters/cli/verb.h"

namespace spine::cli {

// The result of parsing: an action, or text to print and an exit code.
struct Parsed {
  Action action{};         // empty = `text` is printed instead
  std::string path{};      // of its verb, e.g. "sessions list"
  const CLI::App* verb{};  // the parsed verb; owned by the CommandLine
  std::string text{};
  int exit_code{};
};

// A verb's data for shell completions.
struct VerbHelp {
  std::string path{};  // "sessions list"; empty = of the program itself
  std::string description{};
  std::vector<std::string> options{};  // "--json", ...
};

// Thread: one.
class CommandLine {
 public:
  // `common`: what the common options are unless parse() finds them.
  explicit CommandLine(Common common = {});
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // `words` without the program's name. Call once.
  Parsed parse(const std::vector<std::string>& words);
  // The common options that parse() found.
  const Common& common() const { return common_; }
  std::vector<VerbHelp> verbs() const;

 private:
  void add(const char* words, Action (*declare)(CLI::App&), const char* help);

  Common common_{};
  CLI::App app_;
  std::vector<std::pair<std::string, CLI::App*>> verbs_{};  // by their words
  Parsed parsed_{};
};

// If the first word that is not a common option is a verb of the sibling program spine-replay: the
// words from there on without common options, and those in `common`. Empty otherwise.
std::vector<std::string> replay_words(const std::vector<std::string>& words, Common& common);

// Runs the command line; returns the exit code of the process.
int run_command(const std::vector<std::string>& words);

}  // namespace spine::cli
