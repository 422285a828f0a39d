// Rendering of what is configured.
#include "adapters/websocket/methods/agent_rows.h"

#include <algorithm>
#include <vector>

#include "adapters/websocket/protocol/rows.h"
#include "engine/core/messages/commands.h"

namespace spine::net {
namespace {

// `words`: what is typed.
void write_command_row(JsonWriter& json, std::string_view words, std::string_view description) {
  json.object([&] {
    json.member("name", words.starts_with('/') ? words.substr(1) : words);
    json.array("textAliases", [&] { json.value(words); });
    json.member("description", description);
    json.member("category", "session");
    json.member("source", "native");
    json.member("scope", "text");
    json.member("acceptsArgs", false);
  });
}

using pipeline::AgentReport;
using pipeline::AgentsReport;

std::uint64_t mean_ms(const AgentReport& agent) {
  std::uint64_t count = 0;
  for (const std::uint64_t bucket : agent.latency)
    count += bucket;
  return count == 0 ? 0 : agent.latency_sum_ms / count;
}

void write_report(JsonWriter& json, const AgentReport& agent) {
  json.member("state", agent.state);
  json.member_if("problem", agent.problem);
  json.member_if("sandbox", agent.sandbox);
  json.member_if("memory", agent.memory);
  json.member("ready", agent.ready);
  json.member("running", agent.running);
  json.member("queued", agent.queued);
  json.member("starts", agent.starts);
  json.member("crashes", agent.crashes);
  json.member("runsFinished", agent.runs_finished);
  json.member("runsFailed", agent.runs_failed);
  json.member("runsAborted", agent.runs_aborted);
  json.member("meanRunMs", mean_ms(agent));
  if (agent.restart_wall_ms != 0) json.member("restartAt", agent.restart_wall_ms);
  json.objects("instances", agent.instances, [&](const pipeline::InstanceReport& instance) {
    json.member("number", instance.number);
    json.member("pid", instance.pid);
    json.member("state", instance.state);
    json.member("sessions", instance.sessions);
    json.member("residentBytes", instance.resident_bytes);
    json.member("startedAt", instance.started_wall_ms);
    json.member("trusted", instance.trusted);
  });
}

const AgentReport* report_of(const AgentsReport* report, std::string_view id) {
  if (report == nullptr) return nullptr;
  const auto found = std::ranges::find(report->agents, id, &AgentReport::id);
  return found == report->agents.end() ? nullptr : &*found;
}

}  // namespace

void write_agents_list(JsonWriter& json, const config::Config& config) {
  json.member("defaultId", config.default_agent);
  json.member("mainKey", config.main_key);
  json.member("scope", "per-sender");
  json.objects("agents", config.agents, [&](const config::AgentConfig& agent) {
    json.member("id", agent.id);
    json.member("name", agent.name.empty() ? agent.id : agent.name);
    json.member_if("emoji", agent.emoji);
    json.object("model", [&] { json.member("primary", model_of(config, agent.id).whole); });
    json.member_if("workspace", agent.workspace);
  });
}

void write_models(JsonWriter& json, const config::Config& config) {
  std::vector<std::string_view> seen;
  json.array("models", [&] {
    for (const config::AgentConfig& agent : config.agents) {
      const ModelName model = model_of(config, agent.id);
      if (std::ranges::find(seen, model.whole) != seen.end()) continue;
      seen.push_back(model.whole);
      json.object([&] {
        json.member("id", model.whole);
        json.member("name", model.model);
        json.member("provider", model.provider);
        json.member("available", true);
      });
    }
  });
}

void write_commands(JsonWriter& json, const config::Config& config) {
  json.array("commands", [&] {
    for (const std::string& trigger : config.reset_triggers)
      write_command_row(json, trigger, "Start this conversation afresh");
    for (const core::Command& command : core::commands())
      write_command_row(json, "/" + std::string{command.name}, command.description);
  });
}

void write_chat_metadata(JsonWriter& json, const config::Config& config) {
  write_models(json, config);
  write_commands(json, config);
}

void write_agents_status(JsonWriter& json, const config::Config& config, const AgentsReport* report,
                         std::string_view agent_id, std::int64_t wall_ms, bool for_admin) {
  json.member("ts", wall_ms);
  if (for_admin && report != nullptr) json.member("searchPath", report->search_path);
  json.array("agents", [&] {
    for (const config::AgentConfig& agent : config.agents) {
      if (!agent_id.empty() && agent.id != agent_id) continue;
      json.object([&] {
        json.member("id", agent.id);
        json.member_if("name", agent.name);
        json.member("isDefault", agent.id == config.default_agent);
        json.member("driver", name_of(agent.process.driver));
        if (const AgentReport* known = report_of(report, agent.id)) {
          write_report(json, *known);
        } else {
          json.member("state", "unknown");
          json.member_raw("instances", "[]");
        }
      });
    }
  });
}

}  // namespace spine::net
