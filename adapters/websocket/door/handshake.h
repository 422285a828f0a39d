// Handshake: challenge, connect, hello-ok.
#pragma once

#include <cstdint>

#include "adapters/websocket/protocol/request.h"
#include "adapters/websocket/protocol/respond.h"
#include "engine/pipeline/items/messages.h"

namespace spine::net {

// connect.challenge: the first frame of every connection.
void send_challenge(Context& net, std::uint32_t slot);

// The first frame a client sent. Accepts the connect (its ClientConnected goes to the engine and
// nothing is read until the answer is there), or says why not and closes.
void first_frame(Context& net, std::uint32_t slot, const Request& request);

// The engine's answer to ClientConnected: sends hello-ok, or an error and closes.
void finish_connect(Responder& to, const pipeline::ReplyItem& item);

}  // namespace spine::net
