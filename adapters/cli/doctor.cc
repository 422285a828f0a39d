// doctor: checks everything a gateway needs, and prints a remedy for each problem.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/node_version.h"
#include "adapters/agents/process/program.h"
#include "adapters/agents/process/userns_needs.h"
#include "adapters/agents/process/users.h"
#include "adapters/cli/agent_request.h"
#include "adapters/cli/common.h"
#include "adapters/cli/folded_ids.h"
#include "adapters/cli/gateway_client.h"
#include "adapters/cli/output.h"
#include "adapters/cli/process.h"
#include "adapters/cli/verb.h"
#include "adapters/websocket/net/port_owner.h"
#include "engine/config/source/deciding_file.h"
#include "engine/state_dir/state_dir.h"
#include "engine/state_dir/token.h"
#include "journal/ahead.h"
#include "journal/journal.h"
#include "schemas/vocab/advice.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kDiskFreeWarnBytes = 1024ULL * limits::kMiB;
constexpr std::uint64_t kDescriptorsWanted = 4'096;
constexpr std::size_t kFoldedNamedMax = 20;

void check_config(const Place& place, Findings& findings) {
  if (place.config_error) {
    return findings.fail("configuration", place.config_error->message,
                         "correct the file, then: spine config validate");
  }
  const std::string path = place.config_path.string();
  if (!place.config.exists) {
    return findings.ok("configuration", path + " is not there: defaults");
  }
  findings.ok("configuration", path + " is valid");
  for (const std::string& warning : place.config.warnings) {
    findings.warn("configuration", warning);
  }
}

void check_state_dir(const Place& place, Findings& findings) {
  struct stat info {};
  const std::string path = place.state_dir.string();
  if (::stat(path.c_str(), &info) != 0) {
    return findings.ok("state directory", path + " is made at the first start");
  }
  if (info.st_uid != ::geteuid()) {
    findings.fail("state directory", path + " belongs to another user",
                  "run as its owner, or choose another with --state-dir");
  } else if (const Status place_of_ours = config::check_place(place.state_dir); !place_of_ours) {
    findings.fail("state directory", place_of_ours.error().message);
  } else if ((info.st_mode & 022U) != 0) {
    findings.fail("state directory", path + " can be changed by others",
                  fmt::format("look at what is in it, then: chmod 700 {}", path));
  } else if ((info.st_mode & 077U) != 0) {
    findings.warn("state directory", path + " can be read by others",
                  fmt::format("chmod 700 {}", path));
  } else {
    findings.ok("state directory", path + " is private");
  }
  if (place.config.auth_mode == config::AuthMode::password) {
    return findings.ok("password", "in the configuration; no token is used");
  }
  const auto token = state_dir::read_token_file(state_dir::token_path(place.state_dir));
  if (token) {
    findings.ok("token", "there, and readable by its owner only");
    if (place.config.token.empty()) {
      findings.ok("openclaw clients",
                  "do not know the token: they read gateway.auth.token of openclaw.json",
                  fmt::format("to tell them: spine config set gateway.auth.token \"$(cat {})\"",
                              state_dir::token_path(place.state_dir).string()));
    }
  } else if (token.error().code == Errc::not_found) {
    findings.ok("token", "made at the first start");
  } else {
    findings.fail("token", token.error().message);
  }
}

// Which gateway runs, if any, and which process has the port.
void check_port(const Place& place, Findings& findings) {
  const std::uint16_t port = place.target.port;
  const state_dir::LockInfo lock = place.lock();
  if (lock.running && lock.port == port) {
    const auto answer = client::http_get(place.target, "/ready", client::in_ms(5'000));
    if (answer && answer->status == 200) {
      return findings.ok("gateway", fmt::format("runs and is ready (pid {})", lock.pid));
    }
    return findings.fail("gateway",
                         fmt::format("runs (pid {}) but is not ready: {}", lock.pid,
                                     answer ? answer->body : answer.error().message),
                         "spine logs");
  }
  if (client::Socket::connect(place.target.address, port, client::in_ms(2'000))) {
    const auto owner = net::find_port_owner(port);
    return findings.fail(
        "port",
        owner ? fmt::format("{} is in use by {} (pid {})", port, owner->name, owner->pid)
              : fmt::format("{} is in use by a process of another user", port),
        "stop that process, or choose another port: --port, or gateway.port");
  }
  findings.ok("port", fmt::format("{} is free", port));
  findings.warn("gateway", "does not run", "spine start");
}

// Reads the last block only, which also checks the format. `spine journal verify` checks all, and
// so does a running gateway once a day.
void check_journal(const Place& place, Findings& findings) {
  auto reader = journal::Reader::open_read_only(place.state_dir / "journal");
  if (!reader) {
    const Error& error = reader.error();
    if (error.code == Errc::not_found) return findings.ok("journal", "made at the first start");
    if (error.code != Errc::unavailable) {
      return findings.fail("journal", error.message, "spine journal verify");
    }
    return findings.warn("journal",
                         "other processes hold every place for readers, so it was not looked at",
                         fmt::format("find them with `fuser {}`, or cut them off: spine restart",
                                     (place.state_dir / "journal" / "lock.mdb").string()));
  }
  const Status renewed = reader->renew();
  const Seq last = renewed ? reader->last() : Seq{};
  const auto tail = last ? reader->block_of(last) : Result<journal::BlockView>(Error{});
  if (!renewed || (last && !tail)) {
    return findings.fail("journal", renewed ? tail.error().message : renewed.error().message,
                         "spine journal verify");
  }
  const auto ahead = journal::find_ahead(place.state_dir, Bits128{}, *reader);
  if (ahead && !ahead->empty()) {
    return findings.fail("journal", journal::ahead_text(*ahead, reader->last()),
                         fmt::format("{}; or: spine start --accept-loss", kBringBackABackup));
  }
  // The result of the running gateway's last complete check of the journal.
  const auto answer = client::http_get(place.target, "/ready", client::in_ms(5'000));
  const auto ready = answer ? Json::parse(answer->body) : std::nullopt;
  const Json read = ready ? ready->at("journal") : Json{};
  const bool damaged = read.number("damages") != 0;
  findings.add(damaged ? Grade::fail : Grade::ok, "journal",
               fmt::format("{} events, its end is whole; {}", show_count(last.value),
                           read.absent() ? "not read again while no gateway runs"
                                         : "read again " + journal_checked_text(read)),
               damaged ? fmt::format("stop Spine, check the disk, {}", kBringBackABackup) : "");
}

std::string quoted(const std::vector<std::string>& ids) {
  return fmt::format("\"{}\"", fmt::join(ids, "\", \""));
}

// An allow list's entry that differs only in case from the sender's id, so no longer admits it.
void check_spelling(const FoldedIds& found, const std::string& key, const std::string& channel,
                    const std::string& listed, Findings& findings) {
  const std::vector<std::string> ids = found.written_otherwise(channel, listed);
  if (ids.empty()) return;
  findings.warn("ids",
                fmt::format("{} names \"{}\", who wrote as {}: the case of ids counts now, so "
                            "the entry does not let them in",
                            key, listed, quoted(ids)),
                "write the id as the channel does");
}

// Records from when case did not count: senders that now get a new session, or must pair again.
void check_folded_ids(const Place& place, Findings& findings) {
  auto reader = journal::Reader::open_read_only(place.state_dir / "journal");
  if (!reader) return;  // said above
  const auto found = find_folded_ids(*reader);
  if (!found) return;
  for (const config::ChannelConfig& channel : place.config.channels) {
    const std::string key = "channels." + channel.name;
    for (const std::string& id : channel.allow_from)
      check_spelling(*found, key + ".allowFrom", channel.name, id, findings);
    if (!channel.group_allow_from) continue;
    for (const std::string& id : *channel.group_allow_from)
      check_spelling(*found, key + ".groupAllowFrom", channel.name, id, findings);
  }
  for (const std::string& admin : place.config.admins) {
    const std::size_t colon = admin.find(':');
    check_spelling(*found, "gateway.auth.admin_channels", admin.substr(0, colon),
                   admin.substr(colon + 1), findings);
  }
  std::size_t named = 0;
  for (const FoldedGroup& session : found->sessions) {
    if (++named > kFoldedNamedMax) break;
    findings.warn("ids",
                  fmt::format("the session {} holds what {} wrote when the case of ids did "
                              "not count; each with capitals has a session of its own now",
                              session.name, quoted(session.ids)),
                  fmt::format("spine sessions show {}", session.name));
  }
  for (const FoldedGroup& approval : found->approvals) {
    if (++named > kFoldedNamedMax) break;
    findings.warn("ids",
                  fmt::format("the approval of {} let in {}, too, when the case of ids did "
                              "not count; only the one that was approved is let in now",
                              approval.name, quoted(approval.ids)),
                  "who should be let in asks again: spine pairing list");
  }
  const std::size_t all = found->sessions.size() + found->approvals.size();
  if (all > kFoldedNamedMax || !found->complete) {
    findings.warn("ids", fmt::format("{} such sessions and approvals were found{}", all,
                                     found->complete ? "" : " in the part that was looked at"));
  }
}

void check_disk(const Place& place, Findings& findings) {
  std::filesystem::path path = place.state_dir;
  std::error_code ignored;
  while (!std::filesystem::exists(path, ignored) && path.has_relative_path()) {
    path = path.parent_path();
  }
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return;
  const std::uint64_t free_bytes = std::uint64_t{info.f_bavail} * info.f_frsize;
  const bool enough = free_bytes >= kDiskFreeWarnBytes;
  const bool fatal = free_bytes < 2 * limits::kSpaceAheadBytes;
  findings.add(enough  ? Grade::ok
               : fatal ? Grade::fail
                       : Grade::warn,
               "disk", fmt::format("{} free at {}", show_bytes(free_bytes), path.string()),
               enough ? "" : "make room: without it messages are refused");
}

// Uses the running gateway's PATH: a service manager's differs from this shell's.
void take_path_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  for (std::size_t at = 0; at < all.size();) {
    const std::size_t end = std::min(all.find('\0', at), all.size());
    const std::string entry = all.substr(at, end - at);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): doctor has one thread
    if (entry.starts_with("PATH=")) ::setenv("PATH", entry.c_str() + 5, 1);
    at = end + 1;
  }
}

// For an agent that never ran, so has no directories yet: only checks its command.
Status check_command(const agents::LaunchRequest& request, std::string& program) {
  SPINE_TRY(const std::vector<std::string> env, agents::agent_environment(request, "nobody"));
  const std::string& command = request.command_line.at(0);
  const std::string path(agents::value_in(env, "PATH"));
  program = agents::find_program(command, path, request.agent.workspace);
  if (program.empty()) {
    const std::string why = agents::why_none_found(command, path, request.agent.workspace);
    if (!why.empty()) return Error{Errc::not_found, fmt::format("its program {}", why)};
    return Error{Errc::not_found,
                 fmt::format("{} is not on its PATH ({}); install it, or name it in "
                             "agents.entries.{}.spine.command",
                             printable(command), printable(path), printable(request.agent.id))};
  }
  SPINE_TRY_STATUS(agents::check_interpreter(program, path, [](const auto&) { return true; }));
  return agents::check_node_version(program, env, agents::probe_rules(request));
}

void check_agent(const Place& place, const config::AgentConfig& agent,
                 const agents::SeparationMeans& means, Findings& findings) {
  AgentRequest request(place, agent, "", means);
  const auto places = agents::find_places(request.gateway, request.agent);
  request.places = places.value_or(agents::AgentPlaces{.workspace = agent.workspace});
  std::string program;
  // Checks the launch as it would be, with its view of the file system.
  const auto check_launch = [&program](const agents::LaunchRequest& launched) -> Status {
    SPINE_TRY(const agents::Launch launch, agents::prepare_launch(launched));
    program = launch.program;
    return agents::check_node_version(launch.program, launch.plan.env, launch.probe);
  };
  const std::string subject = "agent " + request.agent.id;
  const Status can =
      places ? check_launch(request.launch()) : check_command(request.launch(), program);
  if (!can) return findings.fail(subject, can.error().message);
  findings.ok(subject, program + " is there");
  // Whether its program creates user name spaces, which only the configuration can allow.
  const config::AgentProcess& process = request.agent.process;
  const auto need = agents::userns_need_of(program, process.args);
  if (!need) return;
  const std::string what = fmt::format("{} {}", need->name, need->what);
  if (process.sandbox.userns) return findings.ok(subject, "may make user name spaces: " + what);
  findings.warn(
      subject, "may make no user name spaces, and " + what,
      fmt::format("if it has to: agents.entries.{}.spine.sandbox.userns: true", request.agent.id));
}

// The agents' states in the running gateway: only these show that an agent is in quarantine and
// gets no messages.
void check_states(const Common& common, Findings& findings) {
  const auto answer = ask_gateway(common, "agents.status");
  if (!answer) return;  // check_port() reports the reason
  for (const Json& row : answer->array("agents")) {
    const std::string id = row.text("id");
    const std::string state = row.text("state");
    const std::string problem = row.text("problem");
    const std::string why = problem.empty() ? "" : ": " + problem;
    if (state == "quarantined") {
      findings.fail("agent " + id,
                    "is in quarantine and gets no messages" +
                        (why.empty() ? ": it crashed before this start of the gateway" : why),
                    "when that is mended: spine agents reset " + id);
    } else if (state == "failed" || state == "backoff") {
      findings.warn("agent " + id, "could not be started the last time" + why,
                    "spine agents logs " + id);
    }
  }
}

// Whether each agent could be started, as far as that can be checked without a start, and their
// states in the running gateway.
void check_agents(const Common& common, const Place& place, Findings& findings) {
  const state_dir::LockInfo lock = place.lock();
  if (lock.running) take_path_of(lock.pid);
  std::optional<agents::SeparationMeans> means;
  for (const config::AgentConfig& agent : place.config.agents) {
    if (agent.process.driver == config::Driver::echo) continue;
    if (!means) {
      means = agents::find_separation_means();
      const bool apart = !means->bubblewrap.empty();
      findings.add(
          apart ? Grade::ok : Grade::warn, "agents",
          apart ? "are kept apart by bubblewrap" : "see the files of their user: " + means->why_not,
          apart ? "" : "apt-get install bubblewrap");
    }
    check_agent(place, agent, *means, findings);
    // Restrictions of the configuration that cannot be enforced here.
    const std::string why = agents::policy_refusal(agent, *means);
    if (!why.empty()) findings.fail("agent " + agent.id, "is not started: " + why);
  }
  if (lock.running) check_states(common, findings);
}

}  // namespace

Action doctor(CLI::App& verb) {
  examples(verb, {"spine doctor", "spine doctor --json"});
  return [](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    Findings findings;
    const auto sibling = sibling_program("spine-replay");
    findings.add(sibling ? Grade::ok : Grade::fail, "programs",
                 sibling ? fmt::format("spine {} with spine-replay", SPINE_VERSION)
                         : sibling.error().message);
    check_config(place, findings);
    check_state_dir(place, findings);
    check_port(place, findings);
    check_journal(place, findings);
    check_folded_ids(place, findings);
    check_disk(place, findings);
    check_agents(common, place, findings);
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);
    const bool enough = descriptors.rlim_max >= kDescriptorsWanted;
    findings.add(enough ? Grade::ok : Grade::warn, "open files",
                 fmt::format("up to {}", descriptors.rlim_max),
                 enough ? "" : "allow more for many connections: ulimit -n 16384");
    findings.print(common.json);
    return findings.failed() ? kExitFailure : kExitOk;
  };
}

}  // namespace spine::cli
