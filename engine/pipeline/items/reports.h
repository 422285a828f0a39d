// Reports: what the loop thread tells the net thread about agents, skills and channels, and the
// engine thread about deliveries, to be shown as it is; and what the follower tells the loop
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "schemas/vocab/bytes.h"

namespace spine::pipeline {

// One process of an agent.
struct InstanceReport {
  std::uint32_t number{};  // as in AgentStarted
  std::uint32_t pid{};
  std::string state{};             // "starting", "ready", "busy", "stopping"
  std::uint32_t sessions{};        // that stick to it
  std::uint64_t resident_bytes{};  // of it and its descendants, shared memory included
  std::int64_t started_wall_ms{};
  bool trusted{true};  // whose runs it may work on
};

// One agent. Counters count from the start of the gateway.
struct AgentReport {
  std::string id{};
  std::string driver{};     // "echo", "pi", "acp", "jsonl"
  std::string state{};      // "ready", "idle" (starts when needed), "starting", "backoff",
                            // "quarantined", "failed"
  std::string problem{};    // the last one, for people; empty = none
  std::string sandbox{};    // as in AgentStarted
  std::string memory{};     // how its bound is held: "cgroup: ...", "counted: ..."
  std::uint32_t ready{};    // instances that can take a prompt; an idle agent counts as one
  std::uint32_t running{};  // runs being worked on
  std::uint32_t queued{};   // prompts that wait for an instance
  std::uint64_t starts{};
  std::uint64_t crashes{};
  std::uint64_t runs_finished{};
  std::uint64_t runs_failed{};
  std::uint64_t runs_aborted{};
  std::int64_t restart_wall_ms{};  // of the back-off; 0 = none
  // Seconds from prompt to end, bucket i counts those <= kLatencyBoundsMs[i]; the last is +Inf.
  static constexpr std::array<std::uint64_t, 10> kLatencyBoundsMs{
      10, 50, 100, 500, 1'000, 5'000, 15'000, 60'000, 300'000, 900'000};
  std::array<std::uint64_t, kLatencyBoundsMs.size() + 1> latency{};
  std::uint64_t latency_sum_ms{};
  std::vector<InstanceReport> instances{};
};

struct AgentsReport {
  std::vector<AgentReport> agents{};  // in the order of the configuration
  std::string search_path{};          // the gateway's PATH: where programs of agents are found
};

// One account of a channel, as it is on the loop thread; or a channel that is not served.
struct ChannelReport {
  std::string name{};  // lower case
  std::string account{};
  std::string kind{};      // "program", ...; empty = not served here
  std::string state{};     // as in ChannelStateChanged; "not served"
  std::string problem{};   // with its remedy, for people; empty = none
  std::string identity{};  // who it is on the platform; empty = not known yet
  std::int64_t since_wall_ms{};
  std::int64_t last_exchange_wall_ms{};  // 0 = none yet
  std::uint64_t restarts{};              // after faults, since the gateway was started
  std::int64_t restart_wall_ms{};        // when it is started again; 0 = it need not be
  std::uint32_t in_flight{};             // deliveries that it was given, without an outcome
};

struct ChannelsReport {
  std::vector<ChannelReport> channels{};  // in the order of the configuration
};

// Which files of the media folder the journal refers to.
struct MediaReport {
  std::vector<Digest256> kept{};  // ascending
  bool known{};                   // else nothing may be removed
};

// How what a skill requires could be installed, as the skill says.
struct SkillInstall {
  std::string id{};
  std::string kind{};  // "brew", "node", "go", "uv", "download", "apt"
  std::string label{};
  std::vector<std::string> bins{};
};

// One skill, eligible or not.
struct SkillReport {
  std::string name{};
  std::string description{};
  std::string path{};      // of SKILL.md
  std::string root{};      // which root it was found in: "workspace", "agents", "extra", ...
  std::string agent_id{};  // empty = for every agent
  std::string emoji{};
  std::string homepage{};
  std::string primary_env{};
  bool eligible{};
  bool disabled{};  // by skills.entries.<name>.enabled
  bool model_invocable{true};
  bool user_invocable{true};
  bool always{};
  std::vector<std::string> reasons{};  // why it is not eligible, one sentence each
  std::vector<std::string> missing_bins{};
  std::vector<std::string> missing_any_bins{};
  std::vector<std::string> missing_env{};
  std::vector<std::string> missing_config{};
  std::vector<std::string> missing_os{};
  std::string key{};                // what it is called under skills.entries
  std::string directory{};          // the folder of SKILL.md, without symbolic links
  std::vector<std::string> bins{};  // what it requires, missing or not
  std::vector<std::string> any_bins{};
  std::vector<std::string> env{};
  std::vector<std::string> config{};
  std::vector<std::string> os{};
  std::vector<SkillInstall> install{};
};

// error: the skill is not used. warning: it is used as far as it was understood. note: nothing is
// wrong, and it is not used all the same.
enum class FaultWeight : std::uint8_t { error, warning, note };

// Something wrong with a skill's file.
struct SkillFault {
  std::string path{};
  std::uint32_t line{};  // 1 = the first; 0 = of the file as a whole
  std::string message{};
  FaultWeight weight{};
};

struct SkillsReport {
  std::uint64_t version{};
  std::vector<SkillReport> skills{};  // winners by name, sorted by (agent_id, name)
  std::vector<SkillFault> faults{};
};

// What there is to be sent to one account of a channel, as the journal has it.
struct ChannelLoadReport {
  std::string name{};
  std::string account{};  // empty = the only one
  std::string state{};    // "stopped", "starting", "connected", "degraded", "down", "logged_out"
  std::uint64_t waiting{};
  std::uint64_t dead_letters{};
  std::int64_t oldest_wall_ms{};  // when the oldest that waits was asked for; 0 = none waits
};

struct ChannelLoadsReport {
  std::vector<ChannelLoadReport> channels{};
};

}  // namespace spine::pipeline
