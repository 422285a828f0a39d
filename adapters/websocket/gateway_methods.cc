// Methods about the gateway itself: health, status, presence, and what only Spine has.
#include "adapters/websocket/health.h"
#include "adapters/websocket/methods.h"
#include "adapters/websocket/respond.h"
#include "adapters/websocket/rows.h"

namespace spine::net::handlers {
namespace {

constexpr std::uint64_t kRecentSessions = 10;

void ask_recent(Call& call) {
  call.net.query(pipeline::input_kind::kQuerySessions, call.slot, call.pend(), "", 0,
                 kRecentSessions);
}

void write_counts(http::JsonWriter& json, const core::StateCounts& counts) {
  json.begin_object();
  json.member("sessions", counts.sessions);
  json.member("principals", counts.principals);
  json.member("runsOpen", counts.runs_open);
  json.member("runsRunning", counts.runs_running);
  json.member("obligationsOpen", counts.obligations_open);
  json.member("duplicates", counts.duplicates);
  json.member("duplicatesEvictedYoung", counts.duplicates_evicted_young);
  json.member("idempotencyKeys", counts.idempotency_keys);
  json.member("bytes", counts.bytes);
  json.end_object();
}

}  // namespace

void health(Call& call) {
  ask_recent(call);
}

void on_health(Answer& answer, const pipeline::SessionsItem& item) {
  Response response{answer.net, answer.slot, answer.id()};
  write_health(answer.net, response.json(), &item);
  response.send();
}

void status(Call& call) {
  ask_recent(call);
}

void on_status(Answer& answer, const pipeline::SessionsItem& item) {
  Context& net = answer.net;
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("runtimeVersion", net.options.version);
  json.key("heartbeat");
  json.begin_object();
  json.member("defaultAgentId", net.config().default_agent);
  json.key("agents");
  json.begin_array();
  for (const config::AgentConfig& agent : net.config().agents) {
    json.begin_object();
    json.member("agentId", agent.id);
    json.member("enabled", false);
    json.member("every", "disabled");
    json.member_null("everyMs");
    json.end_object();
  }
  json.end_array();
  json.end_object();
  json.member_raw("channelSummary", "[]");
  json.member_raw("queuedSystemEvents", "[]");
  json.key("sessions");
  json.begin_object();
  json.member_raw("paths", "[\"journal\"]");
  json.member("count", item.total);
  json.key("defaults");
  write_defaults(json, net.config());
  json.key("recent");
  json.begin_array();
  for (const core::SessionView& session : item.sessions) {
    write_session(json, net.config(), session, net.wall_ms);
  }
  json.end_array();
  json.member_raw("byAgent", "[]");
  json.end_object();
  json.member("uptimeMs", http::uptime_ms(net.facts()));
  json.end_object();
  response.send();
}

void system_presence(Call& call) {
  Response response{call.net, call.slot, call.id};
  write_presence(call.net, response.json());
  response.send();
}

void spine_status(Call& call) {
  call.net.query(pipeline::input_kind::kQueryStatus, call.slot, call.pend(), "");
}

void on_spine_status(Answer& answer, const pipeline::StatusItem& item) {
  Context& net = answer.net;
  std::string epoch;
  append_hex(epoch, item.epoch);
  Response response{net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("version", net.options.version);
  json.member("uptimeMs", http::uptime_ms(net.facts()));
  json.member("epoch", epoch);
  json.member("appliedSeq", item.applied.value);
  json.member("durableSeq", item.durable.value);
  json.member("followerSeq", item.follower_applied.value);
  json.member("indexedSeq", item.indexed.value);
  json.member("snapshotSeq", item.snapshot.value);
  json.member("journalBytes", item.journal_bytes);
  json.member("digestChecks", net.shared.metrics.digest_checks.get());
  json.member("digestDivergence", net.shared.metrics.digest_divergence.get());
  json.key("counts");
  write_counts(json, item.counts);
  json.member("connections", net.shared.metrics.ws_clients.get());
  json.member("agentsReady", net.shared.agents_ready.load(std::memory_order_relaxed));
  json.member("residentBytes", http::resident_bytes());
  json.key("failing");
  json.begin_array();
  for (const std::string_view reason : http::failing(net.facts()))
    json.value(reason);
  json.end_array();
  json.end_object();
  response.send();
}

void spine_digest(Call& call) {
  call.net.query(pipeline::input_kind::kQueryDigest, call.slot, call.pend(), "");
}

void on_spine_digest(Answer& answer, const pipeline::DigestItem& item) {
  std::string hex;
  append_hex(hex, item.digest.total);
  std::string epoch;
  append_uuid(epoch, answer.net.shared.epoch);
  Response response{answer.net, answer.slot, answer.id()};
  http::JsonWriter& json = response.json();
  json.begin_object();
  json.member("epoch", epoch);
  json.member("seq", item.digest.seq.value);
  json.member("version", item.digest.version);
  json.member("digest", hex);
  json.key("tables");
  json.begin_array();
  for (std::size_t i = 0; i < item.digest.table_count; ++i) {
    const core::TableDigestView& table = item.digest.tables[i];
    hex.clear();
    append_hex(hex, table.digest);
    json.begin_object();
    json.member("table", table.table);
    json.member("rows", table.rows);
    json.member("digest", hex);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  response.send();
}

}  // namespace spine::net::handlers
