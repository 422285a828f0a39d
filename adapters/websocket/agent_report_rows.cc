// Rendering of the report about agents.
#include "adapters/websocket/agent_report_rows.h"

#include <algorithm>

namespace spine::net {
namespace {

using pipeline::AgentReport;
using pipeline::AgentsReport;
using pipeline::InstanceReport;

void write_instance(http::JsonWriter& json, const InstanceReport& instance) {
  json.begin_object();
  json.member("number", instance.number);
  json.member("pid", instance.pid);
  json.member("state", instance.state);
  json.member("sessions", instance.sessions);
  json.member("residentBytes", instance.resident_bytes);
  json.member("startedAt", instance.started_wall_ms);
  json.member("trusted", instance.trusted);
  json.end_object();
}

std::uint64_t mean_ms(const AgentReport& agent) {
  std::uint64_t count = 0;
  for (const std::uint64_t bucket : agent.latency)
    count += bucket;
  return count == 0 ? 0 : agent.latency_sum_ms / count;
}

void write_report(http::JsonWriter& json, const AgentReport& agent) {
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
  json.key("instances");
  json.begin_array();
  for (const InstanceReport& instance : agent.instances)
    write_instance(json, instance);
  json.end_array();
}

const AgentReport* report_of(const AgentsReport* report, std::string_view id) {
  if (report == nullptr) return nullptr;
  const auto found = std::ranges::find(report->agents, id, &AgentReport::id);
  return found == report->agents.end() ? nullptr : &*found;
}

}  // namespace

void write_agents_status(http::JsonWriter& json, const config::Config& config,
                         const AgentsReport* report, std::string_view agent_id,
                         std::int64_t wall_ms, bool for_admin) {
  json.begin_object();
  json.member("ts", wall_ms);
  if (for_admin && report != nullptr) json.member("searchPath", report->search_path);
  json.key("agents");
  json.begin_array();
  for (const config::AgentConfig& agent : config.agents) {
    if (!agent_id.empty() && agent.id != agent_id) continue;
    json.begin_object();
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
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

}  // namespace spine::net
