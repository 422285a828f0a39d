// Channel: what every connection to a chat platform fills in: start, deliver, status, stop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "adapters/channels/interface/message.h"
#include "schemas/vocab/result.h"

namespace spine::channels {

// A message to be sent. Borrowed for the call.
struct Delivery {
  EffectId effect{};  // the same for every attempt
  std::string_view account{};
  fb::ConversationKind conversation{};
  std::string_view conversation_id{};
  std::string_view thread{};
  std::string_view reply_to{};
  std::string_view text{};
};

// What became of an attempt. unknown: it may have arrived, and is not sent again blindly.
enum class Outcome : std::uint8_t { confirmed, unknown, failed, retry };

// What a channel tells, from the loop thread. Texts are borrowed for the call.
struct ChannelEvents {
  std::function<void(const Message&)> received{};
  // Exactly once for each deliver(). `said`: confirmed, the platform's id of it; else why, for
  // people.
  std::function<void(EffectId, Outcome, std::string_view said)> delivered{};
};

struct ChannelStatus {
  enum class State : std::uint8_t { starting, connected, degraded, down, logged_out };
  State state{};
  std::int64_t last_exchange_wall_ms{};  // that succeeded; 0 = none has
  std::string problem{};                 // with its remedy, for people; empty = none
};

// Thread: loop. It has no rules: who may write to whom, and what is sent again and when, the core
// decides. A bridge needs none of this: it hands messages in over the WebSocket (channel.message)
// and is told the answers there.
class Channel {
 public:
  virtual ~Channel() = default;
  // Connects, now and after every loss. `events` outlives the channel. Errors: invalid_argument
  // when it is configured so that it can never work.
  virtual Status start(const ChannelEvents& events) = 0;
  // Begins to deliver; in the order of the calls within one conversation.
  virtual void deliver(const Delivery& delivery) = 0;
  virtual ChannelStatus status() const = 0;
  // Nothing more is received or begun. What is under way is told as unknown before this returns.
  virtual void stop() = 0;
};

}  // namespace spine::channels
