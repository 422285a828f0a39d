// doctor, agents: with what would they be started, what is in the way, and who is in quarantine.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <optional>

#include "adapters/agents/process/environment.h"
#include "adapters/agents/process/find_program.h"
#include "adapters/agents/process/launch.h"
#include "adapters/agents/process/program_check.h"
#include "adapters/agents/process/userns_needs.h"
#include "adapters/agents/process/users.h"
#include "adapters/cli/admin_call.h"
#include "adapters/cli/agent_request.h"
#include "adapters/cli/doctor.h"
#include "adapters/cli/json_read.h"
#include "engine/config/state_dir.h"
#include "schemas/vocab/show.h"

namespace spine::cli {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

// A gateway that a service manager started has another PATH than the shell that asks.
void take_path_of(std::uint32_t pid) {
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

// Its directories where the gateway made them; nothing is made here.
std::optional<agents::AgentPlaces> places_of(const Place& place, const config::AgentConfig& agent) {
  std::error_code failed;
  const fs::path own = fs::canonical(place.state_dir, failed) / "agents" / agent.id;
  agents::AgentPlaces places{.workspace = agent.workspace,
                             .data_dir = (own / "data").string(),
                             .home = (own / "home").string()};
  if (places.workspace.empty()) places.workspace = (own / "workspace").string();
  for (const std::string& path : {places.workspace, places.data_dir, places.home}) {
    if (!fs::is_directory(path, failed)) return std::nullopt;
  }
  places.workspace = fs::canonical(places.workspace, failed).string();
  return places;
}

// Whether its program makes user name spaces, which it may do only if the configuration says so.
void check_name_spaces(const config::AgentConfig& agent, const std::string& program,
                       Findings& findings) {
  const auto need = agents::userns_need_of(program, agent.process.args);
  if (!need) return;
  const std::string what = fmt::format("{} {}", need->name, need->what);
  if (agent.process.sandbox.userns) {
    findings.push_back(
        {Grade::ok, "agent " + agent.id, fmt::format("may make user name spaces: {}", what), ""});
    return;
  }
  findings.push_back(
      {Grade::warn, "agent " + agent.id, fmt::format("may make no user name spaces, and {}", what),
       fmt::format("if it has to: agents.entries.{}.spine.sandbox.userns: true", agent.id)});
}

// As it would be started, in the view that it would have.
Status check_launch(const agents::LaunchRequest& request, std::string& program) {
  SPINE_TRY(const agents::Launch launch, agents::prepare_launch(request));
  program = launch.program;
  return agents::check_node_version(launch.program, launch.plan.env, launch.probe);
}

// It never ran: what can be said without its places.
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

void check_agent(const Place& place, config::AgentConfig agent,
                 const agents::SeparationMeans& means, Findings& findings) {
  // As its directories are called.
  std::ranges::transform(agent.id, agent.id.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  const agents::GatewayPlaces gateway =
      places_of_gateway(place.config, place.state_dir, place.config_path, "");
  const std::optional<agents::AgentPlaces> made = places_of(place, agent);
  const agents::AgentPlaces places =
      made.value_or(agents::AgentPlaces{.workspace = agent.workspace});
  const agents::LaunchRequest request{.agent = agent,
                                      .gateway = gateway,
                                      .places = places,
                                      .means = means,
                                      .command_line = {command_of(agent.process)}};
  std::string program;
  const Status can = made ? check_launch(request, program) : check_command(request, program);
  findings.push_back({can ? Grade::ok : Grade::fail, "agent " + agent.id,
                      can ? program + " is there" : can.error().message, ""});
  if (can) check_name_spaces(agent, program, findings);
}

// What the configuration asks of it and nothing here can hold it to: then it is not started.
void check_policy(const config::AgentConfig& agent, const agents::SeparationMeans& means,
                  Findings& findings) {
  const std::string why = agents::policy_refusal(agent, means);
  if (why.empty()) return;
  findings.push_back({Grade::fail, "agent " + agent.id, "is not started: " + why, ""});
}

// What the gateway that runs knows of them: who is in quarantine gets no messages, and nothing else
// here would tell.
void check_states(const Common& common, Findings& findings) {
  auto client = open_as_admin(common);
  if (!client) return;  // why is told where the gateway is looked at
  const auto answer = ask(*client, "agents.status", "{}");
  simdjson::dom::parser parser;
  element root;
  if (!answer || parser.parse(*answer).get(root) != simdjson::SUCCESS) return;
  for (const element row : array_at(root, "agents")) {
    const std::string id = text_at(row, "id");
    const std::string state = text_at(row, "state");
    const std::string problem = text_at(row, "problem");
    const std::string why = problem.empty() ? "" : ": " + problem;
    if (state == "quarantined") {
      findings.push_back({Grade::fail, "agent " + id,
                          "is in quarantine and gets no messages" +
                              (why.empty() ? ": it crashed before this start of the gateway" : why),
                          "when that is mended: spine agents reset " + id});
    } else if (state == "failed" || state == "backoff") {
      findings.push_back({Grade::warn, "agent " + id, "could not be started the last time" + why,
                          "spine agents logs " + id});
    }
  }
}

}  // namespace

void check_agents(const Common& common, const Place& place, Findings& findings) {
  const auto lock = config::read_lock(place.state_dir);
  const bool running = lock && lock->running;
  if (running) take_path_of(static_cast<std::uint32_t>(lock->pid));
  std::optional<agents::SeparationMeans> means;
  for (const config::AgentConfig& agent : place.config.agents) {
    if (agent.process.driver == config::Driver::echo) continue;
    if (!means) {
      means = agents::find_separation_means();
      const bool apart = !means->bubblewrap.empty();
      findings.push_back({apart ? Grade::ok : Grade::warn, "agents",
                          apart ? "are kept apart by bubblewrap"
                                : "see the files of their user: " + means->why_not,
                          apart ? "" : "apt-get install bubblewrap"});
    }
    check_agent(place, agent, *means, findings);
    check_policy(agent, *means, findings);
  }
  if (running) check_states(common, findings);
}

}  // namespace spine::cli
