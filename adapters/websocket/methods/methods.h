// Methods: one table per namespace, each in the file of that name; and what several of them share.
#pragma once

#include <span>

#include "adapters/websocket/protocol/method.h"

namespace spine::net {

std::span<const Method> agent_methods();
std::span<const Method> approval_methods();
// What clients deliver.
std::span<const Method> bridge_methods();
// Starting and stopping accounts of channels.
std::span<const Method> channel_methods();
std::span<const Method> chat_methods();
std::span<const Method> config_methods();
// Channels, and what is sent to them.
std::span<const Method> delivery_methods();
// Devices and senders on channels.
std::span<const Method> device_methods();
// Those of sessions that cut histories.
std::span<const Method> history_methods();
// Texts to conversations of channels.
std::span<const Method> send_methods();
std::span<const Method> session_methods();
std::span<const Method> skills_methods();
std::span<const Method> system_methods();

// The agent that the parameters name, by its id or by one of its sessions; by default the default
// one. nullptr, with the refusal sent, when there is none. REQUIRES: the method has kNamedAgent.
constexpr ParamList kNamedAgent{optional_text("agentId", limits::kKeyBytesMax),
                                optional_text("sessionKey", limits::kKeyBytesMax)};
const config::AgentConfig* named_agent(const Call& call);

// Answers with the members that kWrite(json, config) writes.
template <auto kWrite>
void show_configured(Call& call) {
  call.respond([&](JsonWriter& json) { kWrite(json, call.net.config()); });
}

}  // namespace spine::net
