// The body of /metrics: every counter of engine/pipeline/queues/shared.h in Prometheus text format.
#include "adapters/http/metrics.h"

#include <array>
#include <charconv>
#include <functional>
#include <string_view>

#include "schemas/event_verify.h"

#include "event_generated.h"

namespace spine::http {
namespace {

using pipeline::Counter;
using pipeline::Histogram;
using pipeline::Metrics;

// Appends families: one HELP and TYPE, then the samples.
class Exposition {
 public:
  explicit Exposition(std::string& out) : out_(out) {}

  // What only grows has a name that ends in _total.
  void family(std::string_view name, std::string_view help) {
    family(name, name.ends_with("_total") ? "counter" : "gauge", help);
  }
  void sample(std::uint64_t value) { line("", "", "", value); }
  void sample(std::string_view label, std::string_view text, std::uint64_t value) {
    line("", label, text, value);
  }
  // A family of one sample.
  void value(std::string_view name, std::string_view help, std::uint64_t value) {
    family(name, help);
    sample(value);
  }
  void value(std::string_view name, std::string_view help, const Counter& counter) {
    value(name, help, counter.get());
  }
  // Two labels, the first of which is an agent.
  void agent_sample(std::string_view agent, std::string_view label, std::string_view text,
                    std::uint64_t value) {
    agent_line("", agent, label, text, std::to_string(value));
  }
  // With the labels channel and account, and a third.
  void channel_sample(const pipeline::ChannelLoadReport& channel, std::string_view label,
                      std::string_view text, std::uint64_t value) {
    out_.append(name_).append("{channel=\"").append(escaped(channel.name));
    out_.append("\",account=\"").append(escaped(channel.account)).append("\"");
    if (!label.empty()) out_.append(",").append(label).append("=\"").append(text).append("\"");
    out_.append("} ").append(std::to_string(value)).append("\n");
  }
  // `bounds_ms` and one count each, and one above them all.
  template <class Bounds, class Counts>
  void agent_histogram(std::string_view agent, const Bounds& bounds_ms, const Counts& counts,
                       std::uint64_t sum_ms) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      below += counts[i];
      const bool last = i == bounds_ms.size();
      agent_line("_bucket", agent, "le",
                 last ? "+Inf" : number(static_cast<double>(bounds_ms[i]) / 1e3),
                 std::to_string(below));
    }
    agent_line("_sum", agent, "", "", number(static_cast<double>(sum_ms) / 1e3));
    agent_line("_count", agent, "", "", std::to_string(below));
  }
  // `scale` divides bounds and sum: 1e6 turns microseconds into seconds.
  void histogram(std::string_view name, std::string_view help, const Histogram& values,
                 double scale) {
    family(name, "histogram", help);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < values.buckets.size(); ++i) {
      below += values.buckets[i].get();
      const bool last = i == Histogram::kBoundsUs.size();
      line("_bucket", "le", last ? "+Inf" : number(Histogram::kBoundsUs[i] / scale), below);
    }
    out_.append(name).append("_sum ");
    out_.append(number(static_cast<double>(values.sum_us.get()) / scale)).append("\n");
    line("_count", "", "", below);
  }

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP ").append(name).append(" ").append(help);
    out_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }

 private:
  static std::string number(double value) {
    char digits[32];
    return {digits,
            std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed).ptr};
  }
  // Ids of agents come from the configuration, which bounds their characters; escaped all the same.
  static std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '\n') {
        out += "\\n";
        continue;
      }
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    return out;
  }
  void agent_line(std::string_view suffix, std::string_view agent, std::string_view label,
                  std::string_view text, std::string_view value) {
    out_.append(name_).append(suffix).append("{agent=\"").append(escaped(agent)).append("\"");
    if (!label.empty()) out_.append(",").append(label).append("=\"").append(text).append("\"");
    out_.append("} ").append(value).append("\n");
  }
  void line(std::string_view suffix, std::string_view label, std::string_view text,
            std::uint64_t value) {
    out_.append(name_).append(suffix);
    if (!label.empty()) out_.append("{").append(label).append("=\"").append(text).append("\"}");
    out_.append(" ").append(std::to_string(value)).append("\n");
  }

  std::string& out_;
  std::string_view name_{};
};

void journal(Exposition& out, const Metrics& m) {
  out.value("spine_journal_head_seq", "Sequence number of the last event appended.",
            m.journal_head_seq);
  out.value("spine_journal_durable_seq", "Highest sequence number that survives power loss.",
            m.journal_durable_seq);
  out.family("spine_journal_appends_total", "Events appended, by kind.");
  for (std::size_t kind = 0; kind < m.journal_appends.size(); ++kind) {
    const std::string_view name = event_kind_name(static_cast<std::uint16_t>(kind));
    if (name.empty()) continue;
    out.sample("type", name, m.journal_appends[kind].get());
  }
  out.histogram("spine_journal_append_seconds", "One commit to the journal, sync included.",
                m.journal_commit, 1e6);
  out.histogram("spine_journal_batch_events", "Events per commit.", m.journal_batch_events, 1.0);
  out.value("spine_journal_bytes", "Bytes of disk the journal takes.", m.journal_bytes);
  out.value("spine_journal_verified_seq",
            "Last event of the block that was last read again in the background.",
            m.journal_verified_seq);
  out.value("spine_journal_verified_timestamp_seconds",
            "When all of the journal had last been read again; 0 = not since the start.",
            m.journal_verified_wall_ms.get() / 1'000);
  out.value("spine_journal_damages", "Damages that the last reading of the journal found.",
            m.journal_damages);
  out.value("spine_journal_space_refusals_total", "Inputs refused because the disk was full.",
            m.journal_space_refusals);
  out.value("spine_state_bytes", "Memory the state's tables hold.", m.state_bytes);
}

void intake(Exposition& out, const Metrics& m) {
  out.family("spine_inbound_total", "Messages that came in, by outcome.");
  std::uint64_t rejected = 0;
  for (const Counter& reason : m.inbound_rejected)
    rejected += reason.get();
  out.sample("outcome", "accepted", m.inbound_accepted.get());
  out.sample("outcome", "duplicate", m.inbound_duplicates.get());
  out.sample("outcome", "rejected", rejected);
  out.value("spine_inbound_duplicates_total", "Messages seen before.", m.inbound_duplicates);
  out.family("spine_inbound_rejected_total", "Messages not accepted, by reason.");
  for (const fb::RejectReason reason : fb::EnumValuesRejectReason()) {
    if (reason == fb::RejectReason::none) continue;
    out.sample("reason", fb::EnumNameRejectReason(reason),
               m.inbound_rejected[static_cast<std::size_t>(reason)].get());
  }
  out.value("spine_inbound_rejections_uncounted_total",
            "Rejections beyond the bound, not journalled one by one.", m.rejections_unjournalled);
  out.value("spine_inbound_duplicates_evicted_young_total",
            "Entries younger than seven days that left the duplicate table.",
            m.duplicates_evicted_young);
  out.value("spine_idempotency_keys_evicted_young_total",
            "Idempotency keys younger than a day that had to go.", m.idempotency_evicted_young);
  out.value("spine_rate_limited_total", "Calls refused by a rate limit.", m.rate_limited);
}

void runs(Exposition& out, const Metrics& m) {
  out.value("spine_runs_started_total", "Agent runs started.", m.runs_started);
  out.family("spine_runs_ended_total", "Agent runs ended, by outcome.");
  out.sample("outcome", "finished", m.runs_finished.get());
  out.sample("outcome", "failed", m.runs_failed.get());
  out.sample("outcome", "aborted", m.runs_aborted.get());
  out.value("spine_sessions_open", "Sessions in the state.", m.sessions_open);
  out.value("spine_obligations_open", "Outside work asked for and not yet closed.",
            m.obligations_open);
}

void deliveries(Exposition& out, const Facts& facts) {
  const Metrics& m = facts.shared->metrics;
  out.value("spine_deliveries_waiting", "Deliveries to channels that are not done.",
            m.deliveries_waiting);
  out.value("spine_deliveries_oldest_seconds", "How long the oldest of them has waited.",
            oldest_waiting_s(facts));
  out.value("spine_dead_letters", "Messages that could not be delivered, and wait for somebody.",
            m.dead_letters);
  const auto recorded = [&m](fb::EventBody kind) {
    return m.journal_appends.at(static_cast<std::size_t>(kind)).get();
  };
  out.value("spine_deliveries_requested_total", "Deliveries asked for.",
            recorded(fb::EventBody::DeliveryRequested));
  out.value("spine_deliveries_attempted_total", "Attempts of deliveries.",
            recorded(fb::EventBody::DeliveryAttempted));
  out.value("spine_deliveries_confirmed_total", "Deliveries that arrived.",
            recorded(fb::EventBody::DeliveryConfirmed));
  out.family("spine_deliveries_failed_total", "Attempts that came to nothing, by kind.");
  for (const fb::DeliveryFailure kind : fb::EnumValuesDeliveryFailure())
    out.sample("kind", fb::EnumNameDeliveryFailure(kind),
               m.deliveries_failed.at(static_cast<std::size_t>(kind)).get());
  out.family("spine_deliveries_dead_total", "Deliveries given up, by reason.");
  for (const fb::DeadLetterReason reason : fb::EnumValuesDeadLetterReason())
    out.sample("reason", fb::EnumNameDeadLetterReason(reason),
               m.deliveries_dead.at(static_cast<std::size_t>(reason)).get());
}

// One family per property, one sample per account of a channel.
void channels(Exposition& out, const Facts& facts) {
  using pipeline::ChannelLoadReport;
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    out.family(name, help);
    for (const ChannelLoadReport& channel : facts.channels->channels)
      out.channel_sample(channel, "", "", std::invoke(value, channel));
  };
  out.family("spine_channel_state", "1 for the state the account of the channel is in.");
  for (const ChannelLoadReport& channel : facts.channels->channels) {
    for (const fb::ChannelState state : fb::EnumValuesChannelState()) {
      const std::string_view name = fb::EnumNameChannelState(state);
      out.channel_sample(channel, "state", name, channel.state == name ? 1 : 0);
    }
  }
  each("spine_channel_deliveries_waiting", "Deliveries to it that are not done.",
       &ChannelLoadReport::waiting);
  each("spine_channel_dead_letters", "Messages to it that could not be delivered.",
       &ChannelLoadReport::dead_letters);
}

std::uint64_t lag(std::uint64_t ahead, std::uint64_t behind) {
  return ahead > behind ? ahead - behind : 0;
}

void projections(Exposition& out, const Metrics& m) {
  const std::uint64_t durable = m.journal_durable_seq.get();
  out.family("spine_projection_lag_events", "Durable events a projection has not seen.");
  out.sample("name", "follower", lag(durable, m.follower_applied_seq.get()));
  out.sample("name", "index", lag(durable, m.index_applied_seq.get()));
  out.value("spine_snapshot_seq", "Sequence number of the latest snapshot.", m.snapshot_seq);
  out.value("spine_digest_checks_total", "Comparisons of the two folds.", m.digest_checks);
  out.value("spine_replay_divergence_total", "Comparisons of the two folds that differed.",
            m.digest_divergence);
}

void network(Exposition& out, const Metrics& m) {
  out.value("spine_ws_clients", "Authenticated WebSocket connections.", m.ws_clients);
  out.value("spine_ws_connections", "WebSocket connections.", m.ws_connections);
  out.value("spine_ws_frames_in_total", "WebSocket messages received.", m.ws_frames_in);
  out.value("spine_ws_frames_out_total", "WebSocket messages queued to clients.", m.ws_frames_out);
  out.family("spine_ws_close_total", "WebSocket connections closed, by code.");
  for (std::size_t i = 0; i + 1 < m.ws_closes.size(); ++i) {
    const std::uint64_t count = m.ws_closes[i].get();
    if (count != 0) out.sample("code", std::to_string(1000 + i), count);
  }
  out.sample("code", "other", m.ws_closes.back().get());
  out.value("spine_sockets", "Connections accepted and not closed.", m.sockets_open);
  out.value("spine_sockets_unauthenticated", "Connections that have not said hello.",
            m.sockets_unauthenticated);
  out.family("spine_sockets_cut_total", "Connections cut or refused, by reason.");
  out.sample("reason", "oldest", m.sockets_cut_oldest.get());
  out.sample("reason", "late", m.sockets_cut_late.get());
  out.sample("reason", "address", m.sockets_refused_address.get());
  out.value("spine_requests_foreign_total", "Requests with a foreign Host or Origin.",
            m.requests_foreign);
  out.family("spine_auth_failures_total", "Connects and bearer tokens refused, by reason.");
  for (std::size_t i = 0; i < pipeline::kConnectRefusals.size(); ++i)
    out.sample("reason", pipeline::kConnectRefusals[i], m.connects_refused[i].get());
  out.value("spine_frames_refused_total", "Frames that were malformed, unknown or wrong-typed.",
            m.frames_refused);
  out.value("spine_slow_consumers_total", "Connections closed because they did not read.",
            m.slow_consumers);
  out.value("spine_reading_paused_total", "Times reading stopped because the engine was behind.",
            m.reading_paused);
}

constexpr std::array<std::string_view, 6> kAgentStates{"ready",   "idle",        "starting",
                                                       "backoff", "quarantined", "failed"};

// One family per property, one sample per configured agent.
void agents(Exposition& out, const pipeline::AgentsReport& report) {
  using pipeline::AgentReport;
  const auto each = [&](std::string_view name, std::string_view help, auto value) {
    out.family(name, help);
    for (const AgentReport& agent : report.agents)
      out.agent_sample(agent.id, "", "", std::invoke(value, agent));
  };
  out.family("spine_agent_state", "1 for the state the agent is in.");
  for (const AgentReport& agent : report.agents) {
    for (const std::string_view state : kAgentStates)
      out.agent_sample(agent.id, "state", state, agent.state == state ? 1 : 0);
  }
  each("spine_agent_instances", "Processes of the agent.",
       [](const AgentReport& agent) { return agent.instances.size(); });
  each("spine_agent_starts_total", "Processes started.", &AgentReport::starts);
  each("spine_agent_crashes_total", "Processes that ended unasked.", &AgentReport::crashes);
  each("spine_agent_running", "Runs being worked on.", &AgentReport::running);
  each("spine_agent_queue", "Prompts that wait for a process.", &AgentReport::queued);
  each("spine_agent_resident_bytes", "Resident memory of its processes.",
       [](const AgentReport& agent) {
         std::uint64_t bytes = 0;
         for (const pipeline::InstanceReport& instance : agent.instances)
           bytes += instance.resident_bytes;
         return bytes;
       });
  out.family("spine_agent_runs_total", "Runs the agent ended, by outcome.");
  for (const AgentReport& agent : report.agents) {
    out.agent_sample(agent.id, "outcome", "finished", agent.runs_finished);
    out.agent_sample(agent.id, "outcome", "failed", agent.runs_failed);
    out.agent_sample(agent.id, "outcome", "aborted", agent.runs_aborted);
  }
  out.family("spine_agent_run_seconds", "histogram", "From the prompt to the end of a run.");
  for (const AgentReport& agent : report.agents) {
    out.agent_histogram(agent.id, AgentReport::kLatencyBoundsMs, agent.latency,
                        agent.latency_sum_ms);
  }
}

}  // namespace

std::string metrics_body(const Facts& facts) {
  std::string body;
  body.reserve(16 * 1024);
  Exposition out{body};
  const Metrics& metrics = facts.shared->metrics;
  journal(out, metrics);
  intake(out, metrics);
  runs(out, metrics);
  projections(out, metrics);
  network(out, metrics);
  out.value("spine_agents_ready", "Agents that can answer.",
            facts.shared->agents_ready.load(std::memory_order_relaxed));
  if (facts.agents != nullptr) agents(out, *facts.agents);
  deliveries(out, facts);
  if (facts.channels != nullptr) channels(out, facts);
  out.value("spine_ready", "1 when /ready answers 200.", failing(facts).empty() ? 1 : 0);
  out.family("spine_build_info", "Version of this program.");
  out.sample("version", facts.version, 1);
  out.value("spine_uptime_seconds", "Seconds since the start.", uptime_ms(facts) / 1000);
  out.value("process_resident_memory_bytes", "Resident memory in bytes.", facts.resident_bytes);
  return body;
}

}  // namespace spine::http
