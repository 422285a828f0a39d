// Verbs: what each command of `spine` does. Each returns the exit code and prints for people, or
// JSON when asked.
#pragma once

#include <string>
#include <vector>

#include "adapters/cli/arguments.h"
#include "schemas/vocab/result.h"

namespace spine::cli {

int run(const Arguments& args);    // run.cc
int start(const Arguments& args);  // background.cc
int stop(const Arguments& args);
int restart(const Arguments& args);
int status(const Arguments& args);  // status.cc
int health(const Arguments& args);
int logs(const Arguments& args);           // logs.cc
int send(const Arguments& args);           // send.cc
int sessions_list(const Arguments& args);  // sessions.cc
int sessions_show(const Arguments& args);
int sessions_reset(const Arguments& args);  // session_changes.cc
int sessions_delete(const Arguments& args);
int sessions_abort(const Arguments& args);
int runs_list(const Arguments& args);  // runs.cc
int runs_abort(const Arguments& args);
int config_get(const Arguments& args);  // config_verbs.cc
int config_validate(const Arguments& args);
int config_set(const Arguments& args);
int devices_list(const Arguments& args);  // devices.cc
int devices_approve(const Arguments& args);
int devices_reject(const Arguments& args);
int devices_revoke(const Arguments& args);
int devices_rename(const Arguments& args);
int pairing_list(const Arguments& args);  // pairing.cc
int pairing_approve(const Arguments& args);
int pairing_reject(const Arguments& args);
int approvals_list(const Arguments& args);  // approvals.cc
int approvals_approve(const Arguments& args);
int approvals_deny(const Arguments& args);
int agents_status(const Arguments& args);  // agents.cc
int agents_view(const Arguments& args);    // agents_view.cc
int agents_logs(const Arguments& args);
int agents_restart(const Arguments& args);
int agents_reset(const Arguments& args);
int skills_list(const Arguments& args);  // skills.cc
int skills_check(const Arguments& args);
int doctor(const Arguments& args);   // doctor.cc
int install(const Arguments& args);  // service.cc
int uninstall(const Arguments& args);
int completion(const Arguments& args);  // completion.cc
int version(const Arguments& args);     // status.cc

// Becomes spine-replay: returns only when that fails. `words` start with "journal" or "replay".
int exec_replay(const std::vector<std::string>& words, const Common& common);  // exec_replay.cc

// Prints "Error: ..." and returns kExitFailure.
int fail(const Error& error);
// JSON of others on one line, made safe for a terminal.
void print_json(const std::string& json);

}  // namespace spine::cli
