// Targets: conversations of channels, as people and clients write them.
#pragma once

#include <optional>
#include <string_view>

#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/params.h"

namespace spine::net {

// "123", "telegram:123", "telegram:group:-100123:topic:5", "direct:ada", "@channelname". `channel`:
// where it is, if that is known; empty = the text may say so, else the place has none. None: the
// text names no conversation.
std::optional<SendPlace> parse_target(std::string_view channel, std::string_view text);

// The place that the members `to` (or `target`), `threadId`, `replyTo` (or `replyToId`) and
// `accountId` of the object name. None: none does, or the complaint is the Params' problem.
std::optional<SendPlace> read_place(Params& params, std::string_view channel);

}  // namespace spine::net
