// Inputs: bodies of the journalled inputs that clients cause, built in the context's builder.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

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
  bool no_run{};  // nobody is to answer it now
  fb::QueueMode queue_mode{};
};

// The names of a set, as strings of the builder.
std::vector<flatbuffers::Offset<flatbuffers::String>> scope_names(
    flatbuffers::FlatBufferBuilder& builder, ScopeSet scopes);

// Each finishes net.builder and returns the kind: hand it in with Responder::submit().
fb::EventBody build_operator_message(Context& net, std::uint32_t slot,
                                     const OperatorMessage& message);
// As the paired device when it is one, else as whoever holds the shared secret or sits at the
// machine.
fb::EventBody build_client_connected(Context& net, std::uint32_t slot);
fb::EventBody build_client_disconnected(Context& net, std::uint32_t slot);
// No runs: all open ones of the session the input names.
fb::EventBody build_run_aborted(Context& net, std::span<const std::uint64_t> runs);

}  // namespace spine::net
