// main of spine: parses the command line and does what its verb says.
#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "adapters/cli/command_line.h"
#include "adapters/cli/verbs.h"

namespace {

using spine::cli::Verb;

struct VerbAction {
  Verb verb{};
  int (*act)(const spine::cli::Arguments&){};
};

constexpr VerbAction kActions[]{
    {Verb::run, spine::cli::run},
    {Verb::start, spine::cli::start},
    {Verb::stop, spine::cli::stop},
    {Verb::restart, spine::cli::restart},
    {Verb::status, spine::cli::status},
    {Verb::health, spine::cli::health},
    {Verb::logs, spine::cli::logs},
    {Verb::send, spine::cli::send},
    {Verb::sessions_list, spine::cli::sessions_list},
    {Verb::sessions_show, spine::cli::sessions_show},
    {Verb::sessions_reset, spine::cli::sessions_reset},
    {Verb::sessions_delete, spine::cli::sessions_delete},
    {Verb::sessions_abort, spine::cli::sessions_abort},
    {Verb::runs_list, spine::cli::runs_list},
    {Verb::runs_abort, spine::cli::runs_abort},
    {Verb::config_get, spine::cli::config_get},
    {Verb::config_set, spine::cli::config_set},
    {Verb::devices_list, spine::cli::devices_list},
    {Verb::devices_approve, spine::cli::devices_approve},
    {Verb::devices_reject, spine::cli::devices_reject},
    {Verb::devices_revoke, spine::cli::devices_revoke},
    {Verb::devices_rename, spine::cli::devices_rename},
    {Verb::pairing_list, spine::cli::pairing_list},
    {Verb::pairing_approve, spine::cli::pairing_approve},
    {Verb::pairing_reject, spine::cli::pairing_reject},
    {Verb::approvals_list, spine::cli::approvals_list},
    {Verb::approvals_approve, spine::cli::approvals_approve},
    {Verb::approvals_deny, spine::cli::approvals_deny},
    {Verb::agents_status, spine::cli::agents_status},
    {Verb::agents_logs, spine::cli::agents_logs},
    {Verb::agents_restart, spine::cli::agents_restart},
    {Verb::agents_reset, spine::cli::agents_reset},
    {Verb::config_validate, spine::cli::config_validate},
    {Verb::skills_list, spine::cli::skills_list},
    {Verb::skills_check, spine::cli::skills_check},
    {Verb::doctor, spine::cli::doctor},
    {Verb::install, spine::cli::install},
    {Verb::uninstall, spine::cli::uninstall},
    {Verb::completion, spine::cli::completion},
    {Verb::version, spine::cli::version},
};

int dispatch(const spine::cli::Arguments& args) {
  for (const VerbAction& row : kActions) {
    if (row.verb == args.verb) return row.act(args);
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
