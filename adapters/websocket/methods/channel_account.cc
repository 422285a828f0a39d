// ChannelAccount: found by name, or refused with the names there are.
#include "adapters/websocket/methods/channel_account.h"

#include <algorithm>
#include <iterator>

#include "schemas/vocab/ascii.h"

namespace spine::net {
namespace {

using core::ChannelLoad;

void refuse_channel(const Responder& to, const std::vector<ChannelLoad>& loads,
                    std::string_view channel) {
  std::string known;
  for (const ChannelLoad& load : loads) {
    if (known.find(load.name) == std::string::npos)
      known.append(known.empty() ? "" : ", ").append(load.name);
  }
  const std::string what =
      channel.empty()
          ? "say which channel: the gateway delivers to several or to none"
          : "the gateway does not deliver to a channel \"" + std::string(channel) + "\"";
  to.refuse(what + (known.empty() ? ": no channel is connected" : " (it does to: " + known + ")") +
                ". spine channels status says why",
            "CHANNEL_NOT_FOUND", "unknown_channel");
}

void refuse_account(const Responder& to, const std::vector<ChannelLoad>& accounts,
                    std::string_view account) {
  std::string known;
  for (const ChannelLoad& load : accounts)
    known.append(known.empty() ? "" : ", ").append(account_id(load.account));
  const std::string channel{accounts.front().name};
  if (account.empty()) {
    return to.refuse("channel \"" + channel + "\" has several accounts: name one of " + known,
                     "ACCOUNT_NEEDED", "account_needed");
  }
  to.refuse("channel \"" + channel + "\" has no account \"" + std::string(account) +
                "\" (it has: " + known + ")",
            "ACCOUNT_NOT_FOUND", "unknown_account");
}

}  // namespace

std::string_view account_id(std::string_view account) {
  return account.empty() ? "default" : account;
}

std::optional<ChannelAccount> find_account(const Responder& to,
                                           const std::vector<ChannelLoad>& loads,
                                           std::string_view channel, std::string_view account) {
  std::vector<ChannelLoad> accounts;
  std::ranges::copy_if(loads, std::back_inserter(accounts),
                       [&](const ChannelLoad& load) { return same_but_case(load.name, channel); });
  if (accounts.empty()) {
    refuse_channel(to, loads, channel);
    return {};
  }
  const std::string_view wanted = account_id(account);
  auto found = std::ranges::find_if(
      accounts, [&](const ChannelLoad& load) { return account_id(load.account) == wanted; });
  if (found == accounts.end() && account.empty() && accounts.size() == 1) found = accounts.begin();
  if (found == accounts.end()) {
    refuse_account(to, accounts, account);
    return {};
  }
  return ChannelAccount{.channel = std::string(found->name),
                        .account = std::string(found->account),
                        .state = found->state,
                        .wanted = found->wanted,
                        .served = found->served};
}

std::optional<ChannelAccount> find_account(const Responder& to,
                                           const std::vector<ChannelLoad>& loads,
                                           SendPlace& place) {
  const bool one = !loads.empty() && std::ranges::all_of(loads, [&](const ChannelLoad& load) {
    return load.name == loads.front().name;
  });
  if (place.channel.empty() && one) place.channel = loads.front().name;
  auto account = find_account(to, loads, place.channel, place.account);
  if (account) {
    place.channel = account->channel;
    place.account = account->account;
  }
  return account;
}

}  // namespace spine::net
