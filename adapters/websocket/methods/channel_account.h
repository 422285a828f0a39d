// ChannelAccount: which account of which channel a request is about.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/websocket/protocol/inputs.h"
#include "adapters/websocket/protocol/respond.h"
#include "engine/core/model/views.h"

namespace spine::net {

// What an account without a name is called.
std::string_view account_id(std::string_view account);

// An account that the gateway delivers to, as the state has it.
struct ChannelAccount {
  std::string channel{};
  std::string account{};
  fb::ChannelState state{};
  fb::ChannelSwitch wanted{};
  bool served{};  // by a client
};

// The one that is named: `channel` in any case, `account` as accounts are called; empty = the only
// one, or the one without a name. None: the request is refused, with what there is.
std::optional<ChannelAccount> find_account(const Responder& to,
                                           const std::vector<core::ChannelLoad>& loads,
                                           std::string_view channel, std::string_view account);

// The same for a place, whose channel and account become those of the state. Without a channel: the
// only one there is.
std::optional<ChannelAccount> find_account(const Responder& to,
                                           const std::vector<core::ChannelLoad>& loads,
                                           SendPlace& place);

}  // namespace spine::net
