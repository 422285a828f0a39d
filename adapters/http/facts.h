// Facts: what the HTTP answers are made of, read once per request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/pipeline/queues/shared.h"

namespace spine::http {

struct Facts {
  const pipeline::Shared* shared{};  // never null; outlives the request
  std::string_view version{};
  std::int64_t now_wall_ms{};
  std::uint64_t now_boottime_ms{};
  // Inputs that the engine has not answered yet: only while there are some can it be stalled.
  std::uint64_t inputs_waiting{};
  std::uint64_t waiting_since_ms{};  // boot-time: none of them is older
  std::uint64_t resident_bytes{};
  const pipeline::AgentsReport* agents{};           // null = the loop thread has not reported yet
  const pipeline::ChannelLoadsReport* channels{};   // null = there are none, or not reported yet
  const pipeline::ChannelsReport* live_channels{};  // null = the loop thread has not reported yet
};

// The engine is stalled when it has work and its loop has not turned for this long.
inline constexpr std::uint64_t kEngineTurnMsMax = 5'000;
// The same for the follower, whose snapshots of a large state take a while.
inline constexpr std::uint64_t kFollowerTurnMsMax = 15'000;
// Events the follower may be behind before /ready says so.
inline constexpr std::uint64_t kFollowerLagMax = 2'000'000;

// Milliseconds since the process took over.
std::uint64_t uptime_ms(const Facts& facts);

// What keeps the gateway from taking messages now: "starting", "recovering", "stopping",
// "disk_full", "engine_stalled", "follower_lag", "follower_stalled". Empty = ready.
std::vector<std::string_view> failing(const Facts& facts);

// Agents that cannot answer until somebody intervenes: "quarantined" or "failed". Empty when the
// loop thread has not reported yet.
std::vector<const pipeline::AgentReport*> agents_down(const Facts& facts);

// Channels that are enabled, and that this version has no adapter for.
std::vector<std::string_view> channels_not_served(const Facts& facts);

// Accounts of channels that cannot deliver: "down" or "logged_out". Empty when nothing has been
// reported yet.
std::vector<const pipeline::ChannelLoadReport*> channels_down(const Facts& facts);

enum class Health : std::uint8_t { starting, healthy, degraded, unhealthy, stopping };
// starting: recovery is under way; healthy: ready, no damage found, some agent is ready, no agent
// is down, no channel is logged out; unhealthy: the engine is stalled; degraded: the rest. A
// channel that is down is tried again, and dead letters may be old: both are named and change
// nothing.
Health health(const Facts& facts);

// How long the oldest delivery that is not done has waited; 0 = none waits, or not reported yet.
std::uint64_t oldest_waiting_s(const Facts& facts);

// Bodies, JSON.
std::string health_body(const Facts& facts);
std::string ready_body(const Facts& facts);

// Resident bytes of this process, 0 when /proc cannot be read.
std::uint64_t resident_bytes();

}  // namespace spine::http
