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
  // Inputs handed to the engine that it has not answered yet: only then must it have turned lately.
  std::uint64_t inputs_waiting{};
  std::uint64_t waiting_since_ms{};  // boot-time: the oldest of them is not older
  std::uint64_t resident_bytes{};
  const pipeline::AgentsReport* agents{};  // null = the loop has not told yet
};

// A thread of the engine that has work and has not turned for this long is not ready.
inline constexpr std::uint64_t kEngineTurnMsMax = 5'000;
// The same of the follower, whose snapshots of a large state take a while.
inline constexpr std::uint64_t kFollowerTurnMsMax = 15'000;
// Events the follower may be behind before /ready says so.
inline constexpr std::uint64_t kFollowerLagMax = 2'000'000;

// Milliseconds since the process took over.
std::uint64_t uptime_ms(const Facts& facts);

// What keeps the gateway from taking messages now: "starting", "recovering", "stopping",
// "disk_full", "engine_stalled", "follower_lag", "follower_stalled". Empty = ready.
std::vector<std::string_view> failing(const Facts& facts);

// Agents that cannot answer until somebody does something: "quarantined" or "failed". Empty when
// the loop has not told yet.
std::vector<const pipeline::AgentReport*> agents_down(const Facts& facts);

enum class Health : std::uint8_t { starting, healthy, degraded, unhealthy, stopping };
// starting: recovery is under way, nothing is wrong; healthy: ready, and every agent can answer;
// unhealthy: the engine does not turn; degraded: the rest.
Health health(const Facts& facts);

// Bodies, JSON.
std::string health_body(const Facts& facts);
std::string ready_body(const Facts& facts);

// Resident bytes of this process, 0 when /proc cannot be read.
std::uint64_t resident_bytes();

}  // namespace spine::http
