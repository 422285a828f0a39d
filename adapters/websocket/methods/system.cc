// Methods about the gateway itself: health and status, methods that only Spine has, system messages
// to agents, and empty answers for what comes with a later version.

#include "adapters/websocket/methods/agent_rows.h"
#include "adapters/websocket/methods/log_tail.h"
#include "adapters/websocket/methods/methods.h"
#include "adapters/websocket/protocol/health.h"
#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/rows.h"
#include "engine/log/log.h"
#include "schemas/vocab/show.h"
#include "schemas/vocab/uuid.h"

namespace spine::net {
namespace {

namespace input_kind = pipeline::input_kind;

constexpr Question kRecentSessions{.kind = input_kind::kQuerySessions, .b = 10};

void health(Call& call) {
  call.ask(kRecentSessions, [](Responder& to, const pipeline::SessionsItem& item) {
    to.respond_value([&](JsonWriter& json) { write_health(to.net, json, &item); });
  });
}

void write_status_of_now(JsonWriter& json, Context& net) {
  json.member("runtimeVersion", net.options.version);
  json.object("heartbeat", [&] {
    json.member("defaultAgentId", net.config().default_agent);
    json.objects("agents", net.config().agents, [&](const config::AgentConfig& agent) {
      json.member("agentId", agent.id);
      json.member("enabled", false);
      json.member("every", "disabled");
      json.member_null("everyMs");
    });
  });
  json.member_raw("channelSummary", "[]");
  json.member_raw("queuedSystemEvents", "[]");
  json.member("uptimeMs", http::uptime_ms(net.facts()));
}

void status(Call& call) {
  call.ask(kRecentSessions, [](Responder& to, const pipeline::SessionsItem& item) {
    to.respond([&](JsonWriter& json) {
      if (!to.about_past()) write_status_of_now(json, to.net);
      json.object("sessions", [&] {
        json.member_raw("paths", "[\"journal\"]");
        json.member("count", item.total);
        write_defaults(json, "defaults", to.net.config());
        json.array("recent", item.sessions, [&](const core::SessionView& session) {
          write_session(json, to.net.config(), session, to.wall_ms());
        });
        json.member_raw("byAgent", "[]");
      });
    });
  });
}

void system_presence(Call& call) {
  call.respond_value([&](JsonWriter& json) { write_presence(call.net, json); });
}

void write_counts(JsonWriter& json, const core::StateCounts& counts) {
  json.member("sessions", counts.sessions);
  json.member("principals", counts.principals);
  json.member("runsOpen", counts.runs_open);
  json.member("runsRunning", counts.runs_running);
  json.member("obligationsOpen", counts.obligations_open);
  json.member("deliveriesWaiting", counts.deliveries_waiting);
  json.member("deadLetters", counts.dead_letters);
  json.member("duplicates", counts.duplicates);
  json.member("duplicatesEvictedYoung", counts.duplicates_evicted_young);
  json.member("idempotencyKeys", counts.idempotency_keys);
  json.member("devices", counts.devices);
  json.member("pairedSenders", counts.paired_senders);
}

// What the state knows, of now or of then.
void write_state(JsonWriter& json, const Responder& to, const core::CountsItem& item) {
  json.member("epoch", show_hex(to.net.shared.epoch));
  json.member("appliedSeq", item.applied.value);
  json.object("counts", [&] {
    write_counts(json, item.counts);
    if (!to.about_past()) json.member("bytes", item.counts.bytes);
  });
  json.member("pairingRequests", item.pairing_requests);
  json.member("approvalsOpen", item.approvals);
  json.array("quarantined", item.quarantined);
  json.member("startedSeq", item.started.value);
  json.member("stopped", item.stopped);
}

// What the running process knows besides.
void write_process(JsonWriter& json, const Context& net, const pipeline::StatusItem& item) {
  json.member("version", net.options.version);
  json.member("uptimeMs", http::uptime_ms(net.facts()));
  json.member("durableSeq", item.durable.value);
  json.member("followerSeq", item.follower_applied.value);
  json.member("indexedSeq", item.indexed.value);
  json.member("snapshotSeq", item.snapshot.value);
  json.member("journalBytes", item.journal_bytes);
  json.member("digestChecks", net.shared.metrics.digest_checks.get());
  json.member("digestDivergence", net.shared.metrics.digest_divergence.get());
  json.member("connections", net.shared.metrics.ws_clients.get());
  json.member("agentsReady", net.shared.agents_ready.load(std::memory_order_relaxed));
  json.member("residentBytes", http::resident_bytes());
  json.array("failing", http::failing(net.facts()));
}

void spine_status(Call& call) {
  if (call.about_past()) {
    call.ask({.kind = input_kind::kQueryCounts}, [](Responder& to, const core::CountsItem& item) {
      to.respond([&](JsonWriter& json) { write_state(json, to, item); });
    });
    return;
  }
  call.ask({.kind = input_kind::kQueryStatus}, [](Responder& to, const pipeline::StatusItem& item) {
    to.respond([&](JsonWriter& json) {
      write_state(json, to, item.state);
      write_process(json, to.net, item);
    });
  });
}

void spine_digest(Call& call) {
  call.ask({.kind = input_kind::kQueryDigest}, [](Responder& to, const pipeline::DigestItem& item) {
    to.respond([&](JsonWriter& json) {
      json.member("epoch", uuid_string(to.net.shared.epoch));
      json.member("seq", item.digest.seq.value);
      json.member("version", item.digest.version);
      json.member("digest", show_hex(item.digest.total));
      const std::span tables{item.digest.tables.data(), item.digest.table_count};
      json.objects("tables", tables, [&](const core::TableDigestView& table) {
        json.member("table", table.table);
        json.member("rows", table.rows);
        json.member("digest", show_hex(table.digest));
      });
    });
  });
}

void logs_tail(Call& call) {
  const std::filesystem::path file = log::current_file();
  if (file.empty()) {
    return call.refuse({.code = error_code::kUnavailable, .message = "no log file is written"});
  }
  const auto tail = tail_log(file, {.cursor = call.number("cursor"),
                                    .lines_max = call.number("limit"),
                                    .bytes_max = call.number("maxBytes")});
  if (!tail) {
    return call.refuse({.code = error_code::kUnavailable, .message = tail.error().message});
  }
  call.respond([&](JsonWriter& json) {
    json.member("file", file.string());
    json.member("cursor", tail->cursor);
    json.member("size", tail->size);
    json.array("lines", tail->lines);
    json.member("truncated", tail->truncated);
    json.member("reset", tail->reset);
  });
}

// The gateway's own key: what clients may pin.
void gateway_identity_get(Call& call) {
  call.respond([&](JsonWriter& json) {
    json.member("deviceId", call.net.options.identity.device_id);
    json.member("publicKey", call.net.options.identity.public_key);
  });
}

// A system message, not of a person: to the given session, or to the agent's main one.
void hand_in_words(Call& call, bool run) {
  const fb::EventBody kind = build_operator_message(call.net, call.slot,
                                                    {.via = fb::MessageVia::system,
                                                     .session_key = call.text("sessionKey"),
                                                     .agent_id = call.text("agentId"),
                                                     .text = call.text("text"),
                                                     .no_run = !run});
  call.submit(kind, [](Responder& to, const pipeline::ReplyItem& item) {
    if (to.accepted(item)) to.respond_raw("{\"ok\":true}");
  });
}

void wake(Call& call) {
  hand_in_words(call, call.text("mode") == "now");
}
void system_event(Call& call) {
  hand_in_words(call, false);
}

// No job runs yet. All six members of a page are there together, or clients refuse it.
void cron_list(Call& call) {
  call.respond([&](JsonWriter& json) {
    json.member_raw("jobs", "[]");
    json.member("snapshotRevision", "0");
    json.member("total", 0);
    json.member("offset", call.number("offset"));
    json.member("limit", call.number("limit"));
    json.member("hasMore", false);
    json.member_null("nextOffset");
  });
}

void last_heartbeat(Call& call) {
  call.respond([&](JsonWriter& json) {
    json.member("ts", call.net.wall_ms);
    json.member("status", "skipped");
    json.member("reason", "disabled");
    json.member("hasMedia", false);
  });
}

// The fixed, empty answer of a method whose subject this gateway does not have.
template <const char* kPayload>
void nothing_yet(Call& call) {
  call.respond_raw(kPayload);
}
constexpr char kNoCron[] =
    R"({"enabled":false,"triggersEnabled":false,"storePath":"journal","storage":"journal",)"
    R"("jobs":0,"nextWakeAtMs":null})";
constexpr char kNoCronRuns[] =
    R"({"entries":[],"total":0,"offset":0,"limit":50,"hasMore":false,"nextOffset":null})";
constexpr char kNoProviders[] = R"({"providers":[]})";
constexpr char kNoNodes[] = R"({"nodes":[]})";
constexpr char kNoApprovals[] = "[]";
constexpr char kNoQuestions[] = R"({"questions":[]})";
constexpr char kNoSuggestions[] = R"({"suggestions":[]})";
constexpr char kNoTasks[] = R"({"tasks":[]})";

bool is_wake_mode(std::string_view mode) {
  return mode == "now" || mode == "next-heartbeat";
}
constexpr Param kMode{.name = "mode",
                      .required = true,
                      .max = 32,
                      .fits = is_wake_mode,
                      .or_else = "must be equal to one of the allowed values"};
constexpr Param kWords = required_text("text", limits::kTextBytesMax);
constexpr Param kWordsFor = optional_text("sessionKey", limits::kKeyBytesMax);
constexpr Param kWordsForAgent = optional_text("agentId", limits::kNameBytesMax);

constexpr Method kSystemMethods[]{
    {"commands.list", Scope::read, {}, show_configured<write_commands>},
    {"cron.list",
     Scope::read,
     {number("limit", 1, 200, 50), number("offset", 0, 1'000'000, 0)},
     cron_list},
    {"cron.runs", Scope::read, {}, nothing_yet<kNoCronRuns>},
    {"cron.status", Scope::read, {}, nothing_yet<kNoCron>},
    {"gateway.identity.get", Scope::read, {}, gateway_identity_get},
    {"health",
     Scope::read,
     {},
     health,
     !kPast,
     "it tells how the running gateway is, which is in no journal. status and spine.status say "
     "what "
     "the journal knows"},
    {"last-heartbeat", Scope::read, {}, last_heartbeat},
    {"logs.tail",
     Scope::read,
     {number("cursor", 0, kNumberMax, LogTailRequest::kFromEnd), number("limit", 1, 5'000, 500),
      number("maxBytes", 1, 1'000'000, 250'000)},
     logs_tail},
    {"models.authStatus", Scope::read, {}, nothing_yet<kNoProviders>},
    {"node.list", Scope::read, {}, nothing_yet<kNoNodes>},
    {"openclaw.approval.list", Scope::approvals, {}, nothing_yet<kNoApprovals>},
    {"question.list", Scope::questions, {}, nothing_yet<kNoQuestions>},
    {"spine.digest", Scope::read, {}, spine_digest, kPast},
    {"spine.status", Scope::read, {}, spine_status, kPast},
    {"status", Scope::read, {}, status, kPast},
    {"system-event", Scope::admin, {kWords, kWordsFor, kWordsForAgent}, system_event},
    {"system-presence", Scope::read, {}, system_presence},
    {"taskSuggestions.list", Scope::read, {}, nothing_yet<kNoSuggestions>},
    {"tasks.list", Scope::read, {}, nothing_yet<kNoTasks>},
    {"wake", Scope::write, {kMode, kWords, kWordsFor, kWordsForAgent}, wake},
};

}  // namespace

std::span<const Method> system_methods() {
  return kSystemMethods;
}

}  // namespace spine::net
