// main of spine: parses the command line and does what its verb says.
#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "adapters/cli/command_line.h"
#include "adapters/cli/verbs.h"

namespace {

int dispatch(const spine::cli::Arguments& args) {
  using spine::cli::Verb;
  switch (args.verb) {
    case Verb::run:
      return spine::cli::run(args);
    case Verb::start:
      return spine::cli::start(args);
    case Verb::stop:
      return spine::cli::stop(args);
    case Verb::restart:
      return spine::cli::restart(args);
    case Verb::status:
      return spine::cli::status(args);
    case Verb::health:
      return spine::cli::health(args);
    case Verb::logs:
      return spine::cli::logs(args);
    case Verb::send:
      return spine::cli::send(args);
    case Verb::sessions_list:
      return spine::cli::sessions_list(args);
    case Verb::sessions_show:
      return spine::cli::sessions_show(args);
    case Verb::config_get:
      return spine::cli::config_get(args);
    case Verb::config_set:
      return spine::cli::config_set(args);
    case Verb::devices_list:
      return spine::cli::devices_list(args);
    case Verb::devices_approve:
      return spine::cli::devices_approve(args);
    case Verb::devices_reject:
      return spine::cli::devices_reject(args);
    case Verb::devices_revoke:
      return spine::cli::devices_revoke(args);
    case Verb::devices_rename:
      return spine::cli::devices_rename(args);
    case Verb::pairing_list:
      return spine::cli::pairing_list(args);
    case Verb::pairing_approve:
      return spine::cli::pairing_approve(args);
    case Verb::pairing_reject:
      return spine::cli::pairing_reject(args);
    case Verb::config_validate:
      return spine::cli::config_validate(args);
    case Verb::doctor:
      return spine::cli::doctor(args);
    case Verb::install:
      return spine::cli::install(args);
    case Verb::uninstall:
      return spine::cli::uninstall(args);
    case Verb::completion:
      return spine::cli::completion(args);
    case Verb::version:
      return spine::cli::version(args);
    case Verb::none:
      break;
  }
  return spine::cli::kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
  umask(077);
  const std::vector<std::string> words(argv + 1, argv + argc);
  spine::cli::Common common;
  const std::vector<std::string> replay = spine::cli::replay_words(words, common);
  if (!replay.empty()) return spine::cli::exec_replay(replay, common);
  const spine::cli::Parsed parsed = spine::cli::parse(words);
  if (!parsed.done) return dispatch(parsed.arguments);
  fmt::print(parsed.exit_code == 0 ? stdout : stderr, "{}", parsed.text);
  return parsed.exit_code;
}
