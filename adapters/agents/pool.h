// AgentPool: the driver of an agent that is a program: gives runs to its processes, and starts,
// watches and ends those.
#pragma once

#include <cstddef>
#include <memory>

#include "adapters/agents/answers.h"
#include "adapters/agents/delta_merger.h"
#include "adapters/agents/driver.h"
#include "adapters/agents/instance.h"

namespace spine::agents {

// What every pool shares. The references outlive it.
struct PoolContext {
  const SharedMeans& shared;
  Answers& answers;
  DeltaMerger& deltas;
  std::size_t& waiting_bytes;  // texts of prompts that wait, of all pools
};

// A session sticks to the process that knows it as long as that one has room; a slow run holds up
// its own session only. Processes of trusted and of untrusted runs are never the same. `agent`:
// with its id in lower case; `quarantined`: it gets no prompts. Thread: loop.
std::unique_ptr<Driver> make_agent_pool(const PoolContext& context,
                                        const config::AgentConfig& agent, AgentSkills skills,
                                        bool quarantined);

}  // namespace spine::agents
