// agents status --view: what an agent sees of this machine, and whether its processes still do.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "adapters/agents/process/mount_table.h"
#include "adapters/agents/process/proc.h"
#include "adapters/cli/admin_call.h"
#include "adapters/cli/agent_request.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/place.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "adapters/http/json.h"
#include "adapters/skills/skill_set.h"
#include "engine/config/state_dir.h"
#include "schemas/vocab/ascii.h"
#include "schemas/vocab/limits.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

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
  bool of_gateway{};  // with the PATH of the gateway that runs; else with this shell's
  std::vector<Row> rows{};
  // Processes that run, with what is otherwise for them since they were started.
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

Result<config::AgentConfig> find_agent(const Place& place, const std::string& id) {
  std::vector<std::string> known;
  for (const config::AgentConfig& agent : place.config.agents) {
    known.push_back(agent.id);
    if (lower_case(agent.id) != lower_case(id)) continue;
    config::AgentConfig found = agent;
    found.id = lower_case(agent.id);
    return found;
  }
  return Error{Errc::not_found,
               fmt::format("There is no agent \"{}\". Configured: {}.", printable(id),
                           printable(fmt::to_string(fmt::join(known, ", "))))};
}

// Its own folders are made as its start would make them: they are a part of what it sees.
Result<agents::Launch> launch_of(const Place& place, const config::AgentConfig& agent,
                                 const std::string& token_file) {
  struct stat info {};
  if (::stat(place.state_dir.c_str(), &info) != 0 || info.st_uid != ::geteuid()) {
    return Error{Errc::refused,
                 fmt::format("{} is not there, or another user's: ask as the user the gateway "
                             "runs as, once it has been started.",
                             printable(place.state_dir.string()))};
  }
  const agents::GatewayPlaces gateway =
      places_of_gateway(place.config, place.state_dir, place.config_path, token_file);
  SPINE_TRY(const agents::AgentPlaces places, agents::make_places(gateway, agent));
  const agents::SeparationMeans means = agents::find_separation_means();
  agents::LaunchRequest request{.agent = agent,
                                .gateway = gateway,
                                .places = places,
                                .means = means,
                                .command_line = {command_of(agent.process)}};
  const skills::SkillSet set =
      skills::scan(skills::skills_request(place.config, place.state_dir, environment));
  for (const skills::Skill* skill : set.for_agent(agent.id))
    request.skill_dirs.push_back(skill->directory);
  return agents::prepare_launch(request);
}

std::string name_space_of(std::int32_t pid) {
  std::array<char, 64> name{};
  const std::string link = pid == 0 ? "/proc/self/ns/mnt" : fmt::format("/proc/{}/ns/mnt", pid);
  const ssize_t length = ::readlink(link.c_str(), name.data(), name.size());
  return {name.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

// What is otherwise for the process `pid` and those below it: paths with a sign.
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

struct Running {
  std::string search_path{};  // empty: it does not run, or does not say
  std::vector<std::int32_t> pids{};
};

// What the gateway says of itself and of the agent's processes.
Running ask_gateway(const Common& common, const std::string& id) {
  Running out;
  auto client = open_as_admin(common);
  if (!client) return out;
  const auto answer =
      ask(*client, "agents.status", fmt::format(R"({{"agentId":{}}})", json_string(id)));
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (!answer || parser.parse(*answer).get(root) != simdjson::SUCCESS) return out;
  out.search_path = text_at(root, "searchPath");
  for (const simdjson::dom::element row : array_at(root, "agents")) {
    for (const simdjson::dom::element each : array_at(row, "instances"))
      out.pids.push_back(static_cast<std::int32_t>(number_at(each, "pid")));
  }
  return out;
}

void print_as_json(const View& view) {
  std::string text;
  http::JsonWriter json(text);
  json.begin_object();
  json.member("agent", view.agent);
  json.member("sandbox", view.sandbox);
  json.member("searchPathOf", view.of_gateway ? "gateway" : "shell");
  json.key("view");
  json.begin_array();
  for (const Row& row : view.rows) {
    json.begin_object();
    json.member("path", row.path);
    json.member("access", row.access);
    json.member("why", row.why);
    json.end_object();
  }
  json.end_array();
  json.key("processes");
  json.begin_array();
  for (const auto& [pid, differs] : view.processes) {
    json.begin_object();
    json.member("pid", pid);
    json.key("differs");
    json.begin_array();
    for (const std::string& line : differs)
      json.value(line);
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.end_object();
  print_json(text);
}

void print_for_people(const View& view) {
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

int print_view(const View& view, bool json) {
  if (json) {
    print_as_json(view);
  } else {
    print_for_people(view);
  }
  return kExitOk;
}

}  // namespace

int agents_view(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  if (place->config_error) return fail(*place->config_error);
  const auto agent = find_agent(*place, args.agents.id);
  if (!agent) return fail(agent.error());
  View view{.agent = agent->id, .sandbox = "none"};
  if (agent->process.driver == config::Driver::echo) {
    view.sandbox = "built in: it has no process, and sees no files";
    return print_view(view, args.common.json);
  }
  const auto lock = config::read_lock(place->state_dir);
  const Running running =
      lock && lock->running ? ask_gateway(args.common, args.agents.id) : Running{};
  view.of_gateway = !running.search_path.empty();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a verb has one thread
  if (view.of_gateway) ::setenv("PATH", running.search_path.c_str(), 1);
  const auto launch = launch_of(*place, *agent, args.common.token_file);
  if (!launch) return fail(launch.error());
  view.sandbox = launch->sandbox;
  view.rows = rows_of(*launch);
  if (launch->sandbox == "bubblewrap") {
    for (const std::int32_t pid : running.pids)
      view.processes.emplace_back(pid, differences(*launch, pid));
  }
  return print_view(view, args.common.json);
}

}  // namespace spine::cli
