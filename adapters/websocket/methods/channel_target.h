// Targets: conversations of channels, as people and clients write them.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/params.h"

namespace spine::net {

// "123", "telegram:123", "telegram:group:-100123:topic:5", "direct:ada", "@channelname". `channel`:
// where it is, if that is known; empty = the text may say so, else the place has none. None: the
// text names no conversation.
std::optional<SendPlace> parse_target(std::string_view channel, std::string_view text);

// How the members of an object are called that name a place; of two that are there the first
// counts.
struct PlaceNames {
  std::array<const char*, 3> to{};
  std::array<const char*, 2> reply_to{};
  std::array<const char*, 2> account{};
};
// Of what is to be sent.
inline constexpr PlaceNames kSendNames{.to = {"to", "target", "to"},
                                       .reply_to = {"replyTo", "replyToId"},
                                       .account = {"accountId", "accountId"}};
// Of where an answer is delivered: there `replyTo` is the conversation, as in OpenClaw's `agent`.
inline constexpr PlaceNames kDeliverNames{.to = {"replyTo", "to", "target"},
                                          .reply_to = {"replyToId", "replyToId"},
                                          .account = {"replyAccountId", "accountId"}};

// The place that those members and `threadId` name. None: none does, or the complaint is the
// Params' problem.
std::optional<SendPlace> read_place(Params& params, std::string_view channel,
                                    const PlaceNames& names);

}  // namespace spine::net
