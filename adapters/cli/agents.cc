// agents status, logs, restart, reset: how agents are, what they see, and what to do about it.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "adapters/agents/process/proc.h"
#include "adapters/cli/agent_request.h"
#include "adapters/cli/common.h"
#include "adapters/cli/gateway_client.h"
#include "adapters/cli/logs.h"
#include "adapters/cli/verb.h"
#include "adapters/skills/skill_set.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
namespace {

constexpr std::uint64_t kStoryLines = 15;
constexpr std::size_t kProblemBytesMax = 60;  // in the table; not cut for a single agent

std::string agent_params(const std::string& agent_id) {
  return json_object({Member::unless_empty("agentId", agent_id)});
}

std::string state_text(const Json& row, std::string_view key) {
  const std::int64_t restart = row.number("restartAt");
  const std::string state = row.text(key);
  return restart == 0 ? state : fmt::format("{} until {}", state, show_time(restart));
}

std::string problem_start(const Json& row, std::string_view key) {
  return shortened(text_or_dash(row, key), kProblemBytesMax);
}

std::string count_text(const Json& row, std::string_view key) {
  return std::to_string(row.array(key).size());
}

std::string bytes_text(const Json& row, std::string_view key) {
  return fmt::format("{} MiB", static_cast<std::uint64_t>(row.number(key)) >> 20U);
}

std::string yes_or_no(const Json& row, std::string_view key) {
  return row.flag(key) ? "yes" : "no";
}

const Column kAgentColumns[]{{"AGENT", "id"},
                             {"DRIVER", "driver"},
                             {"STATE", "state", state_text},
                             {"PROCESSES", "instances", count_text},
                             {"RUNNING", "running", number_text},
                             {"QUEUED", "queued", number_text},
                             {"STARTS", "starts", number_text},
                             {"CRASHES", "crashes", number_text},
                             {"SANDBOX", "sandbox", text_or_dash},
                             {"PROBLEM", "problem", problem_start}};
const Column kProcessColumns[]{{"PROCESS", "number", number_text},
                               {"PID", "pid", number_text},
                               {"STATE", "state"},
                               {"SESSIONS", "sessions", number_text},
                               {"MEMORY", "residentBytes", bytes_text},
                               {"STARTED", "startedAt", time_text},
                               {"TRUSTED", "trusted", yes_or_no}};

void print_agent(const Json& row) {
  Facts facts;
  facts.add("Driver", row.text("driver"));
  facts.add("State", state_text(row, "state"));
  facts.add("Sandbox", text_or_dash(row, "sandbox"));
  if (const std::string memory = row.text("memory"); !memory.empty()) {
    facts.add("Memory is", memory);
  }
  facts.add("Problem", text_or_dash(row, "problem"));
  facts.add("Now",
            fmt::format("{} running, {} queued", row.number("running"), row.number("queued")));
  facts.add("Since the start",
            fmt::format("{} starts, {} crashes; runs: {} finished, {} failed, {} aborted",
                        row.number("starts"), row.number("crashes"), row.number("runsFinished"),
                        row.number("runsFailed"), row.number("runsAborted")));
  const std::int64_t mean = row.number("meanRunMs");
  if (mean > 0) facts.add("A run takes", show_duration_ms(static_cast<std::uint64_t>(mean)));
  const std::string id = printable(row.text("id"));
  fmt::print("Agent {}\n{}", id, facts.text());
  const std::vector<Json> processes = row.array("instances");
  if (!processes.empty()) fmt::print("\nProcesses:\n{}", Table(kProcessColumns, processes).text());
  const std::string state = row.text("state");
  if (state == "quarantined") {
    fmt::print(
        "\nIt crashed too often in a row and gets no messages. When the cause is "
        "gone: spine agents reset {}\n",
        id);
  } else if (state == "failed") {
    fmt::print(
        "\nIt cannot be started. Mend what the problem names, then: spine agents restart {}\n", id);
  }
}

// Prints the last log lines about the agent. A missing log file is no error: it may go elsewhere.
void print_story(const Common& common, const std::string& id) {
  const auto place = locate(common);
  if (!place) return;
  std::ifstream file(log_file(place->config, place->state_dir));
  if (!file) return;
  const auto lines = last_lines(file, kStoryLines, id);
  if (lines.empty()) return;
  fmt::print("\nWhat happened last (more: spine agents logs {} -n 100):\n", id);
  for (const std::string& line : lines)
    fmt::print("  {}\n", printable(line));
}

Result<int> change_agent(const Common& common, const std::string& id, const char* method,
                         const char* done, const char* nothing) {
  SPINE_TRY(const Json answer, ask_gateway(common, method, agent_params(id)));
  return show(common, answer, answer.flag("changed") ? done : nothing);
}

std::shared_ptr<std::string> agent_argument(CLI::App& verb) {
  return argument(verb, "agent", "Id of the agent");
}

// The configured agent with that id in any case; its id is in lower case then. Errc::not_found
// lists the configured ones.
Result<config::AgentConfig> find_agent(const Place& place, const std::string& id) {
  std::vector<std::string> known;
  for (const config::AgentConfig& agent : place.config.agents) {
    if (same_but_case(agent.id, id)) {
      config::AgentConfig found = agent;
      found.id = lower_case(agent.id);
      return found;
    }
    known.push_back(agent.id);
  }
  return Error{Errc::not_found,
               fmt::format("There is no agent \"{}\". Configured: {}.", printable(id),
                           printable(fmt::to_string(fmt::join(known, ", "))))};
}

using agents::Mount;
using agents::MountKind;

struct Row {
  std::string path{};
  std::string access{};  // "ro", "rw", "empty", "link"
  std::string why{};
};

struct View {
  std::string agent{};
  std::string sandbox{};
  bool of_gateway{};  // with the running gateway's PATH; else with this shell's
  std::vector<Row> rows{};
  // Running processes, each with the differences of its view, which is as old as the process.
  std::vector<std::pair<std::int32_t, std::vector<std::string>>> processes{};
};

Row row_of(const Mount& mount) {
  const std::string size = show_bytes(agents::hiding_bytes_max(mount.path));
  switch (mount.kind) {
    case MountKind::hide_folder:
      if (agents::hiding_bytes_max(mount.path) == limits::kAgentTmpBytesMax) {
        return {mount.path, "rw", fmt::format("{}, at most {}", mount.why, size)};
      }
      return {mount.path, "empty", mount.why};
    case MountKind::hide_file:
      return {mount.path, "empty", mount.why};
    case MountKind::show_link:
      return {mount.path, "link", fmt::format("{}; leads to {}", mount.why, mount.target)};
    case MountKind::show:
      return {mount.path, "ro", mount.why};
    case MountKind::show_writable:
      break;
  }
  return {mount.path, "rw", mount.why};
}

std::vector<Row> rows_of(const agents::Launch& launch) {
  if (launch.view.mounts().empty()) {
    return {{"/", "user", "no bubblewrap: it sees and writes what the user it runs as may"}};
  }
  std::vector<Row> rows{
      {"/", "ro", "the machine, but for what follows; a later line wins"},
      {"/proc", "ro", "its own processes"},
      {"/dev", "ro", "null, zero, random, terminals of its own"},
      {"/dev/shm", "rw",
       fmt::format("its own shared memory, at most {}", show_bytes(limits::kAgentTmpBytesMax))}};
  for (const Mount& mount : launch.view.mounts())
    rows.push_back(row_of(mount));
  return rows;
}

// Makes the agent's own folders, as its start would: they are part of its view.
Result<agents::Launch> launch_of(const Place& place, AgentRequest& request) {
  struct stat info {};
  if (::stat(place.state_dir.c_str(), &info) != 0 || info.st_uid != ::geteuid()) {
    return Error{Errc::refused,
                 fmt::format("{} is not there, or another user's: ask as the user the gateway "
                             "runs as, once it has been started.",
                             printable(place.state_dir.string()))};
  }
  SPINE_TRY(request.places, agents::make_places(request.gateway, request.agent));
  agents::LaunchRequest launch = request.launch();
  const skills::SkillSet set =
      skills::scan(skills::skills_request(place.config, place.state_dir, environment));
  for (const skills::Skill* skill : set.for_agent(request.agent.id))
    launch.skill_dirs.push_back(skill->directory);
  return agents::prepare_launch(launch);
}

std::string name_space_of(std::int32_t pid) {
  const std::string link = pid == 0 ? "/proc/self/ns/mnt" : fmt::format("/proc/{}/ns/mnt", pid);
  std::error_code unreadable;
  return std::filesystem::read_symlink(link, unreadable).string();
}

// How the view of the running process `pid` differs from `launch`: texts with a path each.
std::vector<std::string> differences(const agents::Launch& launch, std::int32_t pid) {
  std::vector<agents::MountLine> mounts;
  for (const auto& entry : agents::with_descendants(agents::list_processes(), pid)) {
    const std::string inside = name_space_of(entry.pid);
    if (inside.empty() || inside == name_space_of(0)) continue;
    mounts = agents::mounts_of(entry.pid);
    break;
  }
  if (mounts.empty()) return {};
  std::vector<std::string> found;
  for (const Mount& mount : launch.view.mounts()) {
    if (mount.kind == MountKind::show_link || mount.kind == MountKind::hide_file) continue;
    const auto there = std::ranges::find_if(
        mounts.rbegin(), mounts.rend(), [&](const auto& line) { return line.path == mount.path; });
    if (there == mounts.rend()) {
      found.push_back("not there yet: " + mount.path);
    } else if (mount.kind == MountKind::show_writable && there->read_only) {
      found.push_back("still read-only: " + mount.path);
    }
  }
  const std::vector<agents::MountLine> machines = agents::mounts_of(0);
  for (const agents::MountLine& line : mounts) {
    const auto same = [&](const auto& other) { return other.path == line.path; };
    const bool of_bubblewrap = line.path == "/proc" || agents::is_within(line.path, "/dev") ||
                               agents::is_within(line.path, "/proc");
    if (of_bubblewrap || std::ranges::any_of(machines, same) ||
        std::ranges::any_of(launch.view.mounts(), same)) {
      continue;
    }
    found.push_back("still shown: " + line.path);
  }
  return found;
}

std::string json_of(const View& view) {
  const Raw rows = json_rows(view.rows, [](const Row& row) {
    return json_object({{"path", row.path}, {"access", row.access}, {"why", row.why}});
  });
  const Raw processes = json_rows(view.processes, [](const auto& process) {
    return json_object({{"pid", process.first}, {"differs", json_texts(process.second)}});
  });
  return json_object({{"agent", view.agent},
                      {"sandbox", view.sandbox},
                      {"searchPathOf", view.of_gateway ? "gateway" : "shell"},
                      {"view", rows},
                      {"processes", processes}});
}

void print_view(const View& view) {
  fmt::print("What agent {} sees ({}; {}):\n", printable(view.agent), view.sandbox,
             view.of_gateway ? "along the PATH of the gateway that runs"
                             : "along the PATH of this shell, for no gateway says another");
  Table table({"PATH", "ACCESS", "WHY"});
  for (const Row& row : view.rows)
    table.add({row.path, row.access, row.why});
  fmt::print("{}", table.text());
  for (const auto& [pid, differs] : view.processes) {
    if (differs.empty()) {
      fmt::print("Its process {} sees exactly that.\n", pid);
      continue;
    }
    fmt::print("Its process {} was started before something changed:\n", pid);
    for (const std::string& line : differs)
      fmt::print("  {}\n", printable(line));
  }
}

// REQUIRES: the agent is an external program.
Result<View> view_of(const Common& common, const Place& place, const config::AgentConfig& agent) {
  // The gateway's PATH and the agent's processes, if it runs.
  const auto status = place.lock().running
                          ? ask_gateway(common, "agents.status", agent_params(agent.id))
                          : Result<Json>{Json{}};
  const Json said = status ? *status : Json{};
  const std::string search_path = said.text("searchPath");
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a verb has one thread
  if (!search_path.empty()) ::setenv("PATH", search_path.c_str(), 1);
  const agents::SeparationMeans means = agents::find_separation_means();
  AgentRequest request(place, agent, common.token_file, means);
  SPINE_TRY(const agents::Launch launch, launch_of(place, request));
  View view{.agent = request.agent.id,
            .sandbox = launch.sandbox,
            .of_gateway = !search_path.empty(),
            .rows = rows_of(launch)};
  if (launch.sandbox != "bubblewrap") return view;
  for (const Json& row : said.array("agents")) {
    for (const Json& process : row.array("instances")) {
      const auto pid = static_cast<std::int32_t>(process.number("pid"));
      view.processes.emplace_back(pid, differences(launch, pid));
    }
  }
  return view;
}

// Shows the agent's view of the file system, and whether its processes still have it. A running
// gateway is asked, but not needed.
Result<int> show_view(const Common& common, const std::string& agent_id) {
  SPINE_TRY(const Place place, locate(common));
  if (place.config_error) return *place.config_error;
  SPINE_TRY(const config::AgentConfig agent, find_agent(place, agent_id));
  View view{.agent = agent.id, .sandbox = "built in: it has no process, and sees no files"};
  if (agent.process.driver != config::Driver::echo) {
    SPINE_TRY(view, view_of(common, place, agent));
  }
  if (common.json) return show(common, json_of(view));
  print_view(view);
  return kExitOk;
}

}  // namespace

Action agents_status(CLI::App& verb) {
  examples(verb, {"spine agents status", "spine agents status main", "spine agents status --json",
                  "spine agents status main --view"});
  const auto id = option(verb, "agent", "Id of the agent");
  const auto view =
      option<bool>(verb, "--view", "What the agent sees of this machine, running or not, and why");
  verb.get_option("--view")->needs(verb.get_option("agent"));
  return [=](const Common& common) -> Result<int> {
    if (*view) return show_view(common, *id);
    SPINE_TRY(const Json answer, ask_gateway(common, "agents.status", agent_params(*id)));
    if (common.json) return show(common, answer);
    const std::vector<Json> rows = answer.array("agents");
    if (id->empty()) {
      fmt::print("{}One agent's story: spine agents status <agent>\n",
                 Table(kAgentColumns, rows).text());
      return kExitOk;
    }
    for (const Json& row : rows)
      print_agent(row);
    print_story(common, *id);
    return kExitOk;
  };
}

// Needs no gateway: the log is a file.
Action agents_logs(CLI::App& verb) {
  examples(verb, {"spine agents logs main -n 50", "spine agents logs main --follow"});
  const auto id = agent_argument(verb);
  return [id, print = log_action(verb, id)](const Common& common) -> Result<int> {
    SPINE_TRY(const Place place, locate(common));
    SPINE_TRY(const config::AgentConfig agent, find_agent(place, *id));
    *id = agent.id;
    return print(common);
  };
}

Action agents_restart(CLI::App& verb) {
  examples(verb, {"spine agents restart main"});
  const auto id = agent_argument(verb);
  return [=](const Common& common) -> Result<int> {
    SPINE_TRY(const int code,
              change_agent(common, *id, "agents.restart",
                           "Its processes are being ended and started anew; what they were working "
                           "on is tried again.",
                           "There was nothing to restart: no process of it runs."));
    // A restart does not end a quarantine, and a quarantined agent is not started: warn the user.
    const auto answer = ask_gateway(common, "agents.status", agent_params(*id));
    for (const Json& row : answer ? answer->array("agents") : std::vector<Json>{}) {
      if (row.text("state") != "quarantined") continue;
      const std::string problem = row.text("problem");
      return Error{
          Errc::refused,
          fmt::format("It stays in quarantine and gets no messages{}{}. When the cause is "
                      "gone: spine agents reset {}",
                      problem.empty() ? "" : "; the last time: ", printable(problem), *id)};
    }
    return code;
  };
}

Action agents_reset(CLI::App& verb) {
  examples(verb, {"spine agents reset main"});
  const auto id = agent_argument(verb);
  return [=](const Common& common) {
    return change_agent(common, *id, "agents.reset", "Released: it gets messages again.",
                        "There was nothing to reset: it is not in quarantine.");
  };
}

}  // namespace spine::cli
