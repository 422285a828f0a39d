// Verdicts and bodies of /health and /ready.
#include "adapters/http/facts.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include "schemas/vocab/json.h"

namespace spine::http {
namespace {

using pipeline::Phase;

constexpr std::string_view kLoggedOut = "logged_out";

std::string_view phase_name(Phase phase) {
  constexpr std::array<std::string_view, 4> kNames{"starting", "recovering", "ready", "stopping"};
  return kNames.at(static_cast<std::size_t>(phase));
}

std::string_view health_name(Health verdict) {
  constexpr std::array<std::string_view, 5> kNames{"starting", "healthy", "degraded", "unhealthy",
                                                   "stopping"};
  return kNames.at(static_cast<std::size_t>(verdict));
}

bool engine_stalled(const Facts& facts) {
  if (facts.inputs_waiting == 0) return false;
  const std::uint64_t turn = facts.shared->engine_turn_ms.load(std::memory_order_relaxed);
  // The loop of an idle engine does not turn: the time counts from when it got work.
  return std::max(turn, facts.waiting_since_ms) + kEngineTurnMsMax < facts.now_boottime_ms;
}

std::uint64_t follower_lag(const Facts& facts) {
  const std::uint64_t durable = facts.shared->metrics.journal_durable_seq.get();
  const std::uint64_t applied = facts.shared->metrics.follower_applied_seq.get();
  return durable > applied ? durable - applied : 0;
}

bool follower_stalled(const Facts& facts) {
  if (follower_lag(facts) == 0) return false;
  const std::uint64_t turn = facts.shared->follower_turn_ms.load(std::memory_order_relaxed);
  return turn + kFollowerTurnMsMax < facts.now_boottime_ms;
}

// "telegram", or "telegram (second)".
std::string called(const pipeline::ChannelLoadReport& channel) {
  return channel.account.empty() ? channel.name : channel.name + " (" + channel.account + ")";
}

// What of channels and deliveries needs somebody, a sentence each.
std::vector<std::string> channel_reasons(const Facts& facts) {
  std::vector<std::string> reasons;
  for (const pipeline::ChannelLoadReport* channel : channels_down(facts)) {
    const bool refused = channel->state == kLoggedOut;
    reasons.push_back("channel " + called(*channel) + (refused ? " is logged out" : " is down") +
                      (channel->waiting == 0
                           ? std::string{}
                           : ", " + std::to_string(channel->waiting) + " deliveries wait") +
                      ": spine channels status");
  }
  const std::uint64_t dead = facts.shared->metrics.dead_letters.get();
  if (dead != 0) {
    reasons.push_back(std::to_string(dead) + (dead == 1 ? " message" : " messages") +
                      " could not be delivered: spine dlq list");
  }
  return reasons;
}

// Why it is degraded, a sentence each; the reasons of /ready are not repeated. Anybody may ask: no
// paths and no command lines of agents.
void write_reasons(JsonWriter& json, const Facts& facts, Health verdict) {
  const auto down = agents_down(facts);
  const bool none = facts.shared->agents_ready.load(std::memory_order_relaxed) == 0;
  std::vector<std::string> reasons;
  if (facts.shared->metrics.journal_damages.get() != 0)
    reasons.emplace_back("the journal is damaged: spine journal verify");
  if (facts.shared->metrics.digest_divergence.get() != 0)
    reasons.emplace_back("the state is not what the journal says: spine replay verify");
  for (const pipeline::AgentReport* agent : down)
    reasons.push_back("agent " + agent->id + " is " + agent->state + ": spine agents status " +
                      agent->id);
  if (none && down.empty())
    reasons.emplace_back("no agent can take a message: spine agents status");
  for (std::string& reason : channel_reasons(facts))
    reasons.push_back(std::move(reason));
  const bool under_way = verdict == Health::starting || verdict == Health::stopping;
  if (!under_way && !reasons.empty()) json.array("reasons", reasons);
}

}  // namespace

std::uint64_t uptime_ms(const Facts& facts) {
  const std::uint64_t started = facts.shared->started_boottime_ms.load(std::memory_order_relaxed);
  return facts.now_boottime_ms > started ? facts.now_boottime_ms - started : 0;
}

std::vector<std::string_view> failing(const Facts& facts) {
  std::vector<std::string_view> reasons;
  const Phase phase = facts.shared->phase.load(std::memory_order_acquire);
  if (phase != Phase::ready) reasons.push_back(phase_name(phase));
  if (facts.shared->disk_full.load(std::memory_order_relaxed) != 0) reasons.push_back("disk_full");
  if (phase == Phase::ready && engine_stalled(facts)) reasons.push_back("engine_stalled");
  if (phase == Phase::ready && follower_lag(facts) > kFollowerLagMax) {
    reasons.push_back("follower_lag");
  }
  if (phase == Phase::ready && follower_stalled(facts)) reasons.push_back("follower_stalled");
  return reasons;
}

std::vector<const pipeline::AgentReport*> agents_down(const Facts& facts) {
  std::vector<const pipeline::AgentReport*> down;
  if (facts.agents == nullptr) return down;
  for (const pipeline::AgentReport& agent : facts.agents->agents) {
    if (agent.state == "quarantined" || agent.state == "failed") down.push_back(&agent);
  }
  return down;
}

std::vector<std::string_view> channels_not_served(const Facts& facts) {
  std::vector<std::string_view> names;
  if (facts.live_channels == nullptr) return names;
  for (const pipeline::ChannelReport& channel : facts.live_channels->channels) {
    if (channel.kind.empty()) names.push_back(channel.name);
  }
  return names;
}

std::vector<const pipeline::ChannelLoadReport*> channels_down(const Facts& facts) {
  std::vector<const pipeline::ChannelLoadReport*> down;
  if (facts.channels == nullptr) return down;
  for (const pipeline::ChannelLoadReport& channel : facts.channels->channels) {
    if (channel.state == "down" || channel.state == kLoggedOut) down.push_back(&channel);
  }
  return down;
}

Health health(const Facts& facts) {
  const Phase phase = facts.shared->phase.load(std::memory_order_acquire);
  if (phase == Phase::starting || phase == Phase::recovering) return Health::starting;
  if (phase == Phase::stopping) return Health::stopping;
  if (engine_stalled(facts)) return Health::unhealthy;
  if (facts.shared->metrics.digest_divergence.get() != 0) return Health::degraded;
  if (facts.shared->metrics.journal_damages.get() != 0) return Health::degraded;
  if (!failing(facts).empty()) return Health::degraded;
  if (facts.shared->agents_ready.load(std::memory_order_relaxed) == 0) return Health::degraded;
  for (const pipeline::ChannelLoadReport* channel : channels_down(facts))
    if (channel->state == kLoggedOut) return Health::degraded;
  return agents_down(facts).empty() ? Health::healthy : Health::degraded;
}

std::uint64_t oldest_waiting_s(const Facts& facts) {
  std::int64_t oldest_ms = facts.now_wall_ms;
  if (facts.channels == nullptr) return 0;
  for (const pipeline::ChannelLoadReport& channel : facts.channels->channels) {
    if (channel.oldest_wall_ms != 0) oldest_ms = std::min(oldest_ms, channel.oldest_wall_ms);
  }
  return static_cast<std::uint64_t>(facts.now_wall_ms - oldest_ms) / 1'000;
}

std::string health_body(const Facts& facts) {
  const Health verdict = health(facts);
  return json_object([&](JsonWriter& json) {
    json.member("ok", verdict != Health::unhealthy);
    json.member("status", health_name(verdict));
    json.member("uptime", uptime_ms(facts) / 1000);
    json.member("connections", facts.shared->metrics.ws_clients.get());
    json.member("agents", facts.shared->agents_ready.load(std::memory_order_relaxed));
    json.member("version", facts.version);
    write_reasons(json, facts, verdict);
    if (const auto names = channels_not_served(facts); !names.empty())
      json.array("notServed", names);
  });
}

std::string ready_body(const Facts& facts) {
  const auto reasons = failing(facts);
  const pipeline::Metrics& metrics = facts.shared->metrics;
  return json_object([&](JsonWriter& json) {
    json.member("ready", reasons.empty());
    json.array("failing", reasons);
    // Messages are taken all the same: what waits is delivered later.
    json.array("degraded", channel_reasons(facts));
    json.member("uptimeMs", uptime_ms(facts));
    json.object("journal", [&] {
      json.member("headSeq", metrics.journal_head_seq.get());
      json.member("durableSeq", metrics.journal_durable_seq.get());
      json.member("verifiedSeq", metrics.journal_verified_seq.get());
      // When the last verification of the whole journal ended.
      const std::uint64_t at = metrics.journal_verified_wall_ms.get();
      at != 0 ? json.member("verifiedAt", at) : json.member_null("verifiedAt");
      json.member("damages", metrics.journal_damages.get());
    });
    json.object("follower", [&] {
      json.member("appliedSeq", metrics.follower_applied_seq.get());
      json.member("lagEvents", follower_lag(facts));
    });
    json.member("inputsWaiting", facts.inputs_waiting);
    json.object("deliveries", [&] {
      json.member("waiting", metrics.deliveries_waiting.get());
      json.member("deadLetters", metrics.dead_letters.get());
      json.member("oldestAgeSeconds", oldest_waiting_s(facts));
    });
  });
}

std::uint64_t resident_bytes() {
  // Second number of statm: resident pages (proc(5)).
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int read = std::fscanf(file, "%lu %lu", &total, &resident);
  std::fclose(file);
  if (read != 2) return 0;
  return std::uint64_t{resident} * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace spine::http
