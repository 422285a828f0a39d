// Inputs: bodies of the journalled inputs that clients cause, built in the context's builder.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/protocol/context.h"
#include "schemas/fields.h"

namespace spine::net {

// The names of a set, as strings of the builder.
std::vector<flatbuffers::Offset<flatbuffers::String>> scope_names(
    flatbuffers::FlatBufferBuilder& builder, ScopeSet scopes);

// A conversation of an account of a channel that something is sent to.
struct SendPlace {
  std::string channel{};  // lower case
  std::string account{};  // empty = the one without a name
  fb::ConversationKind conversation{};
  std::string id{};
  std::string thread{};    // empty = none
  std::string reply_to{};  // the platform's id of a message; empty = none
};
flatbuffers::Offset<fb::Address> put_address(flatbuffers::FlatBufferBuilder& builder,
                                             const SendPlace& place);

// What chat.send and agent hand in.
struct OperatorMessage {
  fb::MessageVia via{};
  std::string_view session_key{};
  std::string_view agent_id{};
  std::string_view text{};
  std::string_view idempotency_key{};
  bool no_run{};  // nobody is to answer it now
  fb::QueueMode queue_mode{};
  const SendPlace* deliver{};  // where the answer goes besides; null = nowhere
};

// Each finishes net.builder and returns the kind: hand it in with Responder::submit().
fb::EventBody build_operator_message(Context& net, std::uint32_t slot,
                                     const OperatorMessage& message);
// A state of an account that a client serves.
fb::EventBody build_served_state(Context& net, std::string_view channel, std::string_view account,
                                 fb::ChannelState state, std::string_view problem);
// What became of an attempt that a client was pushed. A reason that is too long is cut.
struct FailedAttempt {
  fb::DeliveryFailure kind{};
  std::string_view reason{};  // for people
  std::uint64_t retry_after_ms{};
  std::span<const std::string> platform_ids{};
};
fb::EventBody build_delivery_confirmed(Context& net, DeliveryId delivery, EffectId effect,
                                       std::span<const std::string> platform_ids);
fb::EventBody build_delivery_failed(Context& net, DeliveryId delivery, EffectId effect,
                                    const FailedAttempt& failed);
// The device of a request that was approved: it gets its token when it connects. With `token`, the
// digest of one: of a client that joins, because it showed the shared secret on this machine.
fb::EventBody build_device_paired(Context& net, const DeviceRequest& request, fb::ApprovedVia via,
                                  const Digest256* token = nullptr);
// DeviceTokenChanged: another token; a digest of zeros revokes it. Empty scopes: they stay.
fb::EventBody build_device_token(Context& net, std::string_view device_id, const Digest256& digest,
                                 ScopeSet scopes);

}  // namespace spine::net
