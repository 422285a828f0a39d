// AgentRegistry: which driver answers for which agent id.
#pragma once

#include <array>
#include <event2/event.h>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/agents/answers.h"
#include "adapters/agents/echo.h"
#include "engine/config/config.h"
#include "engine/pipeline/messages.h"
#include "engine/pipeline/shared.h"

namespace spine::agents {

// Thread: loop (the main thread before the loop starts). Every configured agent is answered for by
// the echo driver; an agent that asks for another model is served too, with a warning in the log.
class AgentRegistry {
 public:
  // All outlive it.
  AgentRegistry(event_base* base, pipeline::IngressProducer& producer, pipeline::Shared& shared);

  // Makes the drivers those of `agents`: new ones are added, absent ones removed (their open runs
  // fail), the rest goes on. Keeps shared.agents_ready true.
  void apply(const std::vector<config::AgentConfig>& agents);

  // Gives the prompt to its agent; an agent that is not there fails the run.
  void prompt(const pipeline::PromptItem& prompt);
  void cancel(RunId run);
  std::size_t count() const { return drivers_.size(); }

 private:
  static constexpr std::size_t kCancelsKept = 1'024;  // more than can be overtaken at one time
  event_base* base_;
  pipeline::Shared& shared_;
  Answers answers_;
  std::map<std::string, std::unique_ptr<EchoDriver>, std::less<>> drivers_{};  // by lower-case id
  std::array<RunId, kCancelsKept> cancelled_{};  // a ring: the last ones
  std::size_t cancels_{};
};

}  // namespace spine::agents
