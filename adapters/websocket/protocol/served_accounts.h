// ServedAccounts: accounts of channels that connections deliver for, and what they were given.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/vocab/ids.h"

namespace spine::net {

// A delivery that a connection was pushed, and of which it has not said what became of it.
struct PushedDelivery {
  EffectId effect{};
  std::uint16_t attempt{};
  std::uint64_t due_ms{};  // boot-time: the connection has to have answered by then
};

struct ServedAccount {
  std::string channel{};  // lower case
  std::string account{};  // empty = the one without a name
  ConnectionRef by{};
  std::map<std::uint64_t, PushedDelivery> open{};  // by delivery; the core bounds them
};

// At most limits::kChannelAccountsMax, each served by one connection. Thread: net.
class ServedAccounts {
 public:
  enum class Taken : std::uint8_t { now, before, by_another, no_room };
  // `before`: the connection serves it already.
  Taken serve(std::string_view channel, std::string_view account, ConnectionRef by);
  // nullptr = nobody does. Borrowed until the next call that is not const.
  const ServedAccount* find(std::string_view channel, std::string_view account) const;
  // REQUIRES: somebody serves the account.
  void give(std::string_view channel, std::string_view account, DeliveryId delivery,
            const PushedDelivery& pushed);
  // Takes out what the connection was pushed. None: it was not, or has answered, or that is another
  // attempt (`attempt` 0 = whichever).
  std::optional<PushedDelivery> take(ConnectionRef by, DeliveryId delivery, std::uint64_t attempt);
  // How many deliveries of the account are not answered.
  std::uint32_t open(std::string_view channel, std::string_view account) const;

  // Takes out one / those of a connection / all, which end it: nobody serves any more.
  void drop(std::string_view channel, std::string_view account);
  std::vector<ServedAccount> drop(ConnectionRef by);
  std::vector<ServedAccount> end();
  bool ended() const { return ended_; }

  // Connections that have not answered in time.
  std::vector<ConnectionRef> overdue(std::uint64_t now_ms) const;

 private:
  std::vector<ServedAccount> accounts_{};
  bool ended_{};
};

}  // namespace spine::net
