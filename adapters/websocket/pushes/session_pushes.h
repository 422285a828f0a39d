// Session pushes: sessions.changed and session.message.
#pragma once

#include <span>
#include <string_view>

#include "adapters/websocket/pushes/events.h"

namespace spine::net {

// What clients are told of sessions and of messages to them.
std::span<const Renderer> session_pushes();

// `phase` and `reason`: whichever applies, the other empty.
void push_changed(Events& to, const pipeline::EventItem& item, std::string_view phase,
                  std::string_view reason, std::string_view run_key);
// The event as a row of the session's history.
void push_message(Events& to, const pipeline::EventItem& item, std::string_view run_key);

}  // namespace spine::net
