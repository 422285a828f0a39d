// Arguments: everything a command line of `spine` can say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace spine::cli {

// Exit codes.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailure = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDiffers = 3;

enum class Verb : std::uint8_t {
  none,
  run,
  start,
  stop,
  restart,
  status,
  health,
  logs,
  send,
  sessions_list,
  sessions_show,
  sessions_reset,
  sessions_delete,
  sessions_abort,
  runs_list,
  runs_abort,
  config_get,
  config_set,
  config_validate,
  devices_list,
  devices_approve,
  devices_reject,
  devices_revoke,
  devices_rename,
  pairing_list,
  pairing_approve,
  pairing_reject,
  approvals_list,
  approvals_approve,
  approvals_deny,
  agents_status,
  agents_logs,
  agents_restart,
  agents_reset,
  skills_list,
  skills_check,
  doctor,
  install,
  uninstall,
  completion,
  version,
};

// Accepted after (and before) every verb.
struct Common {
  std::string config{};
  std::string state_dir{};
  std::optional<std::uint16_t> port{};
  std::string token{};
  std::string token_file{};
  bool json{};
};

struct LogsArguments {
  std::uint64_t lines{100};
  bool follow{};
};

struct SendArguments {
  std::vector<std::string> words{};  // joined with spaces; a lone "-" reads standard input
  std::string session{};
  std::string agent{};
  std::uint64_t timeout_s{120};
  bool no_wait{};
};

struct SessionsArguments {
  std::string key{};    // all but list
  std::string agent{};  // list
  std::uint64_t limit{50};
};

struct RunsArguments {
  std::string id{};  // abort: a run's id, or the first characters of it
  std::uint64_t limit{100};
};

struct ConfigArguments {
  std::string key{};    // get, set: dotted path; get: empty = all
  std::string value{};  // set: JSON5
  std::string file{};   // validate
};

struct AgentsArguments {
  std::string id{};  // status: empty = all
  bool view{};       // status: what it sees of the machine
};

// devices, pairing and approvals.
struct ApprovalArguments {
  std::string which{};  // an id, the first digits of one, or a code
  std::string label{};  // rename
  bool latest{};        // devices approve: the request that came last
  bool always{};        // approvals approve: and what is like it
};

struct SkillsArguments {
  std::string agent{};   // list
  bool eligible{};       // list: only those that are
  std::string folder{};  // check; empty = where the configuration says
};

struct Arguments {
  Verb verb{Verb::none};
  Common common{};
  LogsArguments logs{};
  SendArguments send{};
  SessionsArguments sessions{};
  RunsArguments runs{};
  ConfigArguments config{};
  ApprovalArguments approval{};
  SkillsArguments skills{};
  AgentsArguments agents{};
  std::uint64_t timeout_s{30};  // start, stop, restart, health, status
  bool accept_loss{};           // run, start: go on although events are known to be gone
  bool background{};            // run: started by `spine start`, with standard error in a file
  bool print_only{};            // install
  std::string shell{};          // completion
};

}  // namespace spine::cli
