// Work: a run as the pool that has to get it answered knows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/agents/protocols/protocol.h"
#include "engine/pipeline/messages.h"

namespace spine::agents {

class Instance;

struct OpenTool {
  std::string call_id{};
  std::string name{};
  std::uint64_t since_us{};
};

struct Work {
  explicit Work(const pipeline::PromptItem& item, std::uint64_t now_us)
      : run(item.run),
        session(item.session),
        session_uuid(item.session_uuid),
        attempt(item.attempt),
        trust(item.trust),
        agent_session(item.agent_session),
        model(item.model),
        thinking_level(item.thinking_level),
        text(item.text),
        queued_us(now_us) {}

  ProtocolPrompt prompt() const {
    return {.run = run,
            .session = session,
            .session_uuid = session_uuid,
            .agent_session = agent_session,
            .model = model,
            .thinking_level = thinking_level,
            .text = text};
  }

  RunId run{};
  SessionId session{};
  Bits128 session_uuid{};
  std::uint16_t attempt{};  // 1 = the first
  fb::Trust trust{};
  std::string agent_session{};
  std::string model{};
  std::string thinking_level{};
  std::string text{};
  Instance* instance{};  // that works on it; null = it waits
  std::uint64_t queued_us{};
  std::uint64_t prompted_us{};
  std::uint64_t heard_us{};      // when its agent last said something of it
  std::uint64_t cancelled_us{};  // since when its end is of no interest; 0 = it is wanted
  std::string answer{};          // as far as it was seen; bounded by kTextBytesMax
  std::uint32_t tool_calls{};
  std::size_t tool_bytes{};   // of what its tools were given and gave back
  std::uint32_t asks{};       // for permission
  std::uint32_t asks_open{};  // and not answered: until then the agent has nothing to say
  std::vector<std::uint64_t> asks_marked{};  // questions about what it must ask about
  bool permitted{};                          // it was allowed one of those
  std::uint32_t binds{};                     // to a conversation of the agent's
  std::vector<OpenTool> tools{};             // called, and not returned; bounded by tool_calls
};

}  // namespace spine::agents
