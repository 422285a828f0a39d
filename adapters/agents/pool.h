// AgentPool: the driver of an agent that is an external program: assigns runs to its processes, and
// starts, watches and ends these.
#pragma once

#include <cstddef>
#include <memory>

#include "adapters/agents/answer_files.h"
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
  std::size_t& waiting_bytes;   // that queued prompts hold, of all pools
  AnswerFiles* answer_files{};  // null = answers have no files
};

// Sessions are sticky: a run goes to the process that knows its session, if that has room. A slow
// run delays its own session only. Trusted and untrusted runs never share a process. `agent`: with
// its id in lower case; `quarantined`: it gets no prompts. Thread: loop.
std::unique_ptr<Driver> make_agent_pool(const PoolContext& context,
                                        const config::AgentConfig& agent, AgentSkills skills,
                                        bool quarantined);

}  // namespace spine::agents
