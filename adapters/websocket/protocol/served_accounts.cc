// ServedAccounts: found by walking over a few.
#include "adapters/websocket/protocol/served_accounts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "schemas/vocab/limits.h"

namespace spine::net {
namespace {

auto named(std::string_view channel, std::string_view account) {
  return [=](const ServedAccount& one) { return one.channel == channel && one.account == account; };
}

}  // namespace

ServedAccounts::Taken ServedAccounts::serve(std::string_view channel, std::string_view account,
                                            ConnectionRef by) {
  if (const ServedAccount* there = find(channel, account); there != nullptr) {
    return there->by == by ? Taken::before : Taken::by_another;
  }
  if (ended_ || accounts_.size() == limits::kChannelAccountsMax) return Taken::no_room;
  accounts_.push_back({.channel = std::string(channel), .account = std::string(account), .by = by});
  return Taken::now;
}

const ServedAccount* ServedAccounts::find(std::string_view channel,
                                          std::string_view account) const {
  const auto found = std::ranges::find_if(accounts_, named(channel, account));
  return found == accounts_.end() ? nullptr : &*found;
}

void ServedAccounts::give(std::string_view channel, std::string_view account, DeliveryId delivery,
                          const PushedDelivery& pushed) {
  std::ranges::find_if(accounts_, named(channel, account))->open[delivery.value] = pushed;
}

std::optional<PushedDelivery> ServedAccounts::take(ConnectionRef by, DeliveryId delivery,
                                                   std::uint64_t attempt) {
  for (ServedAccount& account : accounts_) {
    const auto found = account.open.find(delivery.value);
    if (account.by != by || found == account.open.end()) continue;
    if (attempt != 0 && attempt != found->second.attempt) return {};
    const PushedDelivery pushed = found->second;
    account.open.erase(found);
    return pushed;
  }
  return {};
}

std::uint32_t ServedAccounts::open(std::string_view channel, std::string_view account) const {
  const ServedAccount* found = find(channel, account);
  return found == nullptr ? 0 : static_cast<std::uint32_t>(found->open.size());
}

void ServedAccounts::drop(std::string_view channel, std::string_view account) {
  std::erase_if(accounts_, named(channel, account));
}

std::vector<ServedAccount> ServedAccounts::drop(ConnectionRef by) {
  const auto others =
      std::stable_partition(accounts_.begin(), accounts_.end(),
                            [&](const ServedAccount& account) { return account.by != by; });
  std::vector<ServedAccount> dropped(std::make_move_iterator(others),
                                     std::make_move_iterator(accounts_.end()));
  accounts_.erase(others, accounts_.end());
  return dropped;
}

std::vector<ServedAccount> ServedAccounts::end() {
  ended_ = true;
  return std::exchange(accounts_, {});
}

std::vector<ConnectionRef> ServedAccounts::overdue(std::uint64_t now_ms) const {
  std::vector<ConnectionRef> late;
  for (const ServedAccount& account : accounts_) {
    const bool is_late = std::ranges::any_of(
        account.open, [&](const auto& entry) { return entry.second.due_ms <= now_ms; });
    if (is_late) late.push_back(account.by);
  }
  return late;
}

}  // namespace spine::net
