// Inputs: bodies of the journalled inputs that clients cause, built in the context's builder.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "adapters/websocket/channel_message.h"
#include "adapters/websocket/context.h"

namespace spine::net {

// What chat.send and agent hand in.
struct OperatorMessage {
  fb::MessageVia via{};
  std::string_view session_key{};
  std::string_view agent_id{};
  std::string_view text{};
  std::string_view idempotency_key{};
};

// Each finishes net.builder; hand it in with Context::push().
void build_operator_message(Context& net, std::uint32_t slot, const OperatorMessage& message);
void build_client_connected(Context& net, std::uint32_t slot, std::string_view principal_key);
void build_client_disconnected(Context& net, std::uint32_t slot);
void build_session_reset(Context& net, Bits128 uuid);
void build_session_closed(Context& net);
// No runs: all open ones of the session the input names.
void build_run_aborted(Context& net, std::span<const std::uint64_t> runs);

}  // namespace spine::net
