// Driver: the interface to one agent, whatever implements it (built in, or an external program).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/agents/process/memory_use.h"
#include "adapters/agents/protocols/protocol.h"
#include "engine/config/settings/agent_config.h"
#include "engine/pipeline/items/messages.h"
#include "engine/pipeline/items/reports.h"
#include "schemas/vocab/ids.h"

namespace spine::agents {

// The skills of one agent and what they need in its environment.
struct AgentSkills {
  std::vector<SkillHandOver> skills{};
  std::vector<std::pair<std::string, std::string>> env{};  // secret
  std::uint64_t version{};
};

// Thread: loop. A driver answers each prompt exactly once, through Answers, with finished(),
// failed() or interrupted(). After cancel() it need not: an answer that still comes is ignored.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual config::Driver kind() const = 0;
  // `prompt` is borrowed: valid only during the call. The same run may come again after an
  // interruption, with a higher attempt.
  virtual void prompt(const pipeline::PromptItem& prompt) = 0;
  // Stop working on the run. A run that is not known here is no error.
  virtual void cancel(RunId run) = 0;
  // Adds a message to a running run. A driver that cannot ignores it; it then runs in its turn.
  virtual void steer(const pipeline::SteerItem&) {}
  virtual void answer(const pipeline::AnswerItem&) {}
  virtual void restart() {}
  virtual void release() {}  // from quarantine
  // The configuration of the same agent, changed.
  virtual void configure(const config::AgentConfig& agent) = 0;
  virtual void set_skills(AgentSkills) {}
  // The agent was removed from the configuration: its open runs fail.
  virtual void fail_all(std::string_view why) = 0;
  // Called every 250 ms: checks deadlines and bounds.
  virtual void tick() {}
  // Called about once a second, with a fresh snapshot of the machine's processes.
  virtual void measure(const MemoryMeter&) {}
  // The gateway stops: the last chance to record the text of unfinished answers.
  virtual void record_partials() {}
  // The gateway stops: asks all processes to end. ended() is true once none is left.
  virtual void begin_stop() {}
  virtual bool ended() const { return true; }
  virtual bool quarantined() const { return false; }
  virtual void report(pipeline::AgentReport& out) const = 0;
};

}  // namespace spine::agents
