// TelegramFaults: what failed calls make of an account, and how long it waits after them.
#pragma once

#include <cstdint>
#include <string>

#include "adapters/channels/telegram/telegram_answer.h"

#include "event_generated.h"

namespace spine::channels {

struct TelegramTrouble {
  fb::ChannelState state{};
  std::string reason{};     // for people, with what to do
  std::uint64_t wait_ms{};  // until it is tried again
  bool final{};             // somebody has to act first
};

// Counts those in a row. Not thread-safe.
class TelegramFaults {
 public:
  // A call was not done. `serves`: the account has been connected, so that a few faults do not take
  // it down.
  TelegramTrouble add(const TelegramAnswer& answer, bool serves);
  void clear() { count_ = 0; }
  bool none() const { return count_ == 0; }

 private:
  std::uint32_t count_{};
};

}  // namespace spine::channels
