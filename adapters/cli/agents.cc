// agents status, logs, restart, reset: how agents are, and what to do about it.
#include <cstdio>
#include <fmt/format.h>
#include <fstream>

#include "adapters/cli/admin_call.h"
#include "adapters/cli/json_read.h"
#include "adapters/cli/log_lines.h"
#include "adapters/cli/table.h"
#include "adapters/cli/verbs.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/utf8.h"

namespace spine::cli {
namespace {

using simdjson::dom::element;

constexpr std::uint64_t kStoryLines = 15;
constexpr std::size_t kProblemBytesMax = 60;  // in the table; whole for one agent

std::string agent_params(const std::string& agent_id) {
  if (agent_id.empty()) return "{}";
  return fmt::format(R"({{"agentId":{}}})", json_string(agent_id));
}

std::string count_at(const element& row, std::string_view key) {
  return std::to_string(number_at(row, key));
}

std::string or_dash(std::string text) {
  return text.empty() ? "-" : text;
}

std::string state_at(const element& row) {
  const std::int64_t restart = number_at(row, "restartAt");
  const std::string state = text_at(row, "state");
  return restart == 0 ? state : fmt::format("{} until {}", state, show_time(restart));
}

std::size_t instances_at(const element& row) {
  std::size_t count = 0;
  for ([[maybe_unused]] const element each : array_at(row, "instances"))
    ++count;
  return count;
}

void print_table(const element& root) {
  Table table({"AGENT", "DRIVER", "STATE", "PROCESSES", "RUNNING", "QUEUED", "STARTS", "CRASHES",
               "SANDBOX", "PROBLEM"});
  for (const element row : array_at(root, "agents")) {
    table.add({text_at(row, "id"), text_at(row, "driver"), state_at(row),
               std::to_string(instances_at(row)), count_at(row, "running"), count_at(row, "queued"),
               count_at(row, "starts"), count_at(row, "crashes"), or_dash(text_at(row, "sandbox")),
               or_dash(shortened(text_at(row, "problem"), kProblemBytesMax))});
  }
  fmt::print("{}One agent's story: spine agents status <agent>\n", table.text());
}

// What is to be done about the state it is in; empty = nothing.
std::string advice(const std::string& state, const std::string& id) {
  if (state == "quarantined") {
    return fmt::format(
        "It crashed too often in a row and gets no messages. When the cause is "
        "gone: spine agents reset {}",
        id);
  }
  if (state == "failed") {
    return fmt::format(
        "It cannot be started. Mend what the problem names, then: spine agents "
        "restart {}",
        id);
  }
  return {};
}

void print_facts(const element& row) {
  Facts facts;
  facts.add("Driver", text_at(row, "driver"));
  facts.add("State", state_at(row));
  facts.add("Sandbox", or_dash(text_at(row, "sandbox")));
  if (const std::string memory = text_at(row, "memory"); !memory.empty()) {
    facts.add("Memory is", memory);
  }
  facts.add("Problem", or_dash(text_at(row, "problem")));
  facts.add("Now", fmt::format("{} running, {} queued", number_at(row, "running"),
                               number_at(row, "queued")));
  facts.add("Since the start",
            fmt::format("{} starts, {} crashes; runs: {} finished, {} failed, {} aborted",
                        number_at(row, "starts"), number_at(row, "crashes"),
                        number_at(row, "runsFinished"), number_at(row, "runsFailed"),
                        number_at(row, "runsAborted")));
  const std::int64_t mean = number_at(row, "meanRunMs");
  if (mean > 0) facts.add("A run takes", show_duration_ms(static_cast<std::uint64_t>(mean)));
  fmt::print("Agent {}\n{}", printable(text_at(row, "id")), facts.text());
}

void print_instances(const element& row) {
  Table table({"PROCESS", "PID", "STATE", "SESSIONS", "MEMORY", "STARTED", "TRUSTED"});
  std::size_t count = 0;
  for (const element each : array_at(row, "instances")) {
    const auto bytes = static_cast<std::uint64_t>(number_at(each, "residentBytes"));
    table.add({count_at(each, "number"), count_at(each, "pid"), text_at(each, "state"),
               count_at(each, "sessions"), fmt::format("{} MiB", bytes >> 20U),
               show_time(number_at(each, "startedAt")), flag_at(each, "trusted") ? "yes" : "no"});
    ++count;
  }
  if (count != 0) fmt::print("\nProcesses:\n{}", table.text());
}

// The end of the log as far as it is about the agent. No log is no failure: it may go elsewhere.
void print_story(const Common& common, const std::string& id) {
  const auto place = locate(common);
  if (!place) return;
  std::ifstream file(log_file(*place));
  if (!file) return;
  const auto lines = last_lines(file, kStoryLines, id);
  if (lines.empty()) return;
  fmt::print("\nWhat happened last (more: spine agents logs {} -n 100):\n", id);
  for (const std::string& line : lines)
    fmt::print("  {}\n", printable(line));
}

int change(const Arguments& args, const char* method, const char* done, const char* nothing) {
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto answer = ask(*client, method, agent_params(args.agents.id));
  if (!answer) return fail(answer.error());
  if (args.common.json) {
    print_json(*answer);
    return kExitOk;
  }
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(*answer).get(root) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  fmt::print("{}\n", flag_at(root, "changed") ? done : nothing);
  return kExitOk;
}

}  // namespace

int agents_status(const Arguments& args) {
  if (args.agents.view) return agents_view(args);
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto answer = ask(*client, "agents.status", agent_params(args.agents.id));
  if (!answer) return fail(answer.error());
  if (args.common.json) {
    print_json(*answer);
    return kExitOk;
  }
  simdjson::dom::parser parser;
  element root;
  if (parser.parse(*answer).get(root) != simdjson::SUCCESS) {
    return fail({Errc::corrupt, "The gateway's answer cannot be read."});
  }
  if (args.agents.id.empty()) {
    print_table(root);
    return kExitOk;
  }
  for (const element row : array_at(root, "agents")) {
    print_facts(row);
    print_instances(row);
    const std::string what = advice(text_at(row, "state"), text_at(row, "id"));
    if (!what.empty()) fmt::print("\n{}\n", printable(what));
  }
  print_story(args.common, args.agents.id);
  return kExitOk;
}

// Needs no gateway: the log is a file.
int agents_logs(const Arguments& args) {
  const auto place = locate(args.common);
  if (!place) return fail(place.error());
  std::string known;
  bool found = false;
  for (const config::AgentConfig& agent : place->config.agents) {
    found = found || agent.id == args.agents.id;
    known += (known.empty() ? "" : ", ") + agent.id;
  }
  if (!found) {
    return fail({Errc::not_found, fmt::format("There is no agent \"{}\". Configured: {}.",
                                              printable(args.agents.id), printable(known))});
  }
  return logs(args);
}

// A restart does not lift a quarantine, and starts nothing before that: whoever thinks that all is
// well now is told.
int agents_restart(const Arguments& args) {
  const int code = change(args, "agents.restart",
                          "Its processes are being ended and started anew; what they were working "
                          "on is tried again.",
                          "There was nothing to restart: no process of it runs.");
  if (code != kExitOk) return code;
  auto client = open_as_admin(args.common);
  if (!client) return fail(client.error());
  const auto answer = ask(*client, "agents.status", agent_params(args.agents.id));
  simdjson::dom::parser parser;
  element root;
  if (!answer || parser.parse(*answer).get(root) != simdjson::SUCCESS) return code;
  for (const element row : array_at(root, "agents")) {
    if (text_at(row, "state") != "quarantined") continue;
    const std::string problem = text_at(row, "problem");
    return fail({Errc::refused,
                 fmt::format("It stays in quarantine and gets no messages{}{}. When the cause is "
                             "gone: spine agents reset {}",
                             problem.empty() ? "" : "; the last time: ", printable(problem),
                             args.agents.id)});
  }
  return code;
}

int agents_reset(const Arguments& args) {
  return change(args, "agents.reset", "Released: it gets messages again.",
                "There was nothing to reset: it is not in quarantine.");
}

}  // namespace spine::cli
