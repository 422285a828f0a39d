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

// The outcome of an attempt. unknown: it may have arrived, so it is not blindly retried.
enum class Outcome : std::uint8_t { confirmed, unknown, failed, retry };

// What a channel reports, on the loop thread. Texts are borrowed for the call.
struct ChannelEvents {
  std::function<void(const Message&)> received{};
  // Exactly once for each deliver(). `said`: if confirmed, the platform's id of the message; else
  // the reason, for people.
  std::function<void(EffectId, Outcome, std::string_view said)> delivered{};
};

struct ChannelStatus {
  enum class State : std::uint8_t { starting, connected, degraded, down, logged_out };
  State state{};
  std::int64_t last_exchange_wall_ms{};  // the last that succeeded; 0 = none yet
  std::string problem{};                 // with its remedy, for people; empty = none
};

// Thread: loop. It has no policy: the core decides who may write to whom, and what is retried and
// when. A bridge does not use this class: it submits messages over the WebSocket (channel.message)
// and gets the answers there.
class Channel {
 public:
  virtual ~Channel() = default;
  // Connects, now and after every loss. `events` outlives the channel. Errors: invalid_argument
  // when it is configured so that it can never work.
  virtual Status start(const ChannelEvents& events) = 0;
  // Begins to deliver; in the order of the calls within one conversation.
  virtual void deliver(const Delivery& delivery) = 0;
  virtual ChannelStatus status() const = 0;
  // Receives and starts nothing more; reports deliveries under way as unknown before it returns.
  virtual void stop() = 0;
};

}  // namespace spine::channels
