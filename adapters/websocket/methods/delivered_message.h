// DeliveredMessage: a message to an agent whose answer is delivered to a conversation of a channel.
#pragma once

#include <functional>
#include <string>

#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/method.h"
#include "engine/pipeline/items/messages.h"

namespace spine::net {

struct DeliveredMessage {
  fb::MessageVia via{};
  std::string session_key{};  // empty: that of the conversation it is delivered to
  std::string agent_id{};
  std::string text{};
  std::string idempotency_key{};
  fb::QueueMode queue_mode{};
  SendPlace place{};  // id empty: where the session was last written to from a channel
};

// Whether the request asks for it: `deliver`.
bool wants_delivery(Call& call);
// Finds the place, hands the message in, and calls `then` with the reply. REQUIRES:
// wants_delivery(). What is wrong is answered or complained of.
using Replied = std::function<void(Responder&, const pipeline::ReplyItem&)>;
void submit_delivered(Call& call, DeliveredMessage message, Replied then);

// Asks for the session that messages of the place belong to: the answer is a ReplyItem.
// REQUIRES: channel and account are those of the state.
void ask_conversation(const Responder& to, const SendPlace& place, Replied then);

}  // namespace spine::net
