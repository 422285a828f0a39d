// Rendering of health and presence.
#include "adapters/websocket/protocol/health.h"

#include "adapters/websocket/protocol/rows.h"
#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

// Of each agent, as sent: everybody is told once a minute. agents.status has all of it.
constexpr std::size_t kProblemBytesMax = limits::kKiB;
// Far more than kPresenceListedMax clients with ordinary names take.
constexpr std::size_t kPresenceBytesMax = 256 * limits::kKiB;

void write_sessions_summary(Context& net, JsonWriter& json, const pipeline::SessionsItem* recent) {
  json.object("sessions", [&] {
    json.member("path", "journal");
    json.member("count",
                recent == nullptr ? net.shared.metrics.sessions_open.get() : recent->total);
    json.array("recent", [&] {
      if (recent == nullptr) return;
      for (const core::SessionView& session : recent->sessions)
        write_recent(json, session, net.wall_ms);
    });
  });
}

void write_agent(Context& net, JsonWriter& json, const config::AgentConfig& agent,
                 const pipeline::SessionsItem* recent) {
  json.object([&] {
    json.member("agentId", agent.id);
    json.member("isDefault", agent.id == net.config().default_agent);
    json.key("heartbeat");
    json.raw(R"({"enabled":false,"every":"disabled","everyMs":null,"prompt":"","target":"none",)"
             R"("ackMaxChars":300})");
    write_sessions_summary(net, json, recent);
  });
}

void write_client(JsonWriter& json, const Client& client) {
  json.object([&] {
    json.member("host", client.display_name.empty() ? client.client_id : client.display_name);
    json.member("ip", client.address);
    json.member("version", client.client_version);
    json.member("platform", client.platform);
    json.member_if("deviceFamily", client.device_family);
    json.member("mode", client.client_mode);
    json.member("reason", "connect");
    json.member("text", "Client: " + client.client_id);
    json.member("ts", client.connected_wall_ms);
    json.member_if("instanceId", client.instance_id);
    json.array("roles", [&] { json.value(client.role); });
  });
}

}  // namespace

void write_health(Context& net, JsonWriter& json, const pipeline::SessionsItem* recent) {
  const http::Facts facts = net.facts();
  json.object([&] {
    json.member("ok", http::health(facts) != http::Health::unhealthy);
    json.member("ts", net.wall_ms);
    json.member("durationMs", 0);
    json.key("channels");
    json.raw("{}");
    json.key("channelOrder");
    json.raw("[]");
    json.key("channelLabels");
    json.raw("{}");
    json.objects("agentsDown", http::agents_down(facts),
                 [&](const pipeline::AgentReport* agent) {  // ours
                   json.member("agentId", agent->id);
                   json.member("state", agent->state);
                   json.member_if("problem", cut_escaped(agent->problem, kProblemBytesMax));
                 });
    json.member("heartbeatSeconds", 0);
    json.member("defaultAgentId", net.config().default_agent);
    json.array("agents", net.config().agents, [&](const config::AgentConfig& agent) {
      write_agent(net, json, agent, agent.id == net.config().default_agent ? recent : nullptr);
    });
    write_sessions_summary(net, json, recent);
  });
}

void write_presence(Context& net, JsonWriter& json) {
  json.array([&] {
    json.object([&] {
      json.member("host", "spine");
      json.member("version", net.options.version);
      json.member("platform", "linux");
      json.member("mode", "gateway");
      json.member("reason", "self");
      json.member("text", "Gateway: spine " + net.options.version);
      json.member("ts", net.wall_ms);
    });
    std::size_t listed = 0;
    const Connections& table = net.hub.table;
    const std::size_t start = json.out().size();
    for (std::uint32_t slot = 0; slot < table.slots() && listed < limits::kPresenceListedMax;
         ++slot) {
      // The list is broadcast, and clients choose their own names: so it is bounded.
      if (json.out().size() - start > kPresenceBytesMax) break;
      if (table.stage[slot] != Stage::open) continue;
      write_client(json, *table.client[slot]);
      ++listed;
    }
  });
}

}  // namespace spine::net
