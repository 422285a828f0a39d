// Driver: how Spine talks to one agent, whatever the agent is made of.
#pragma once

#include <cstdint>

#include "engine/pipeline/messages.h"
#include "schemas/vocab/ids.h"

namespace spine::agents {

enum class DriverState : std::uint8_t {
  starting,  // takes prompts, answers later
  ready,
  failed,  // answers every prompt with a failure
};

// Thread: loop. A driver answers each prompt exactly once, through Answers, with finished() or
// failed(); after cancel() it need not, and an answer that comes all the same is ignored.
class Driver {
 public:
  virtual ~Driver() = default;
  // `prompt` is borrowed: valid only during the call. The same run may come again after a crash,
  // with a higher attempt; never twice in one process.
  virtual void prompt(const pipeline::PromptItem& prompt) = 0;
  // Stop working on the run. A run that is not known here is no error.
  virtual void cancel(RunId run) = 0;
  virtual DriverState state() const = 0;
};

}  // namespace spine::agents
