// TelegramTyping: shows in a chat that an answer is being written, as long as it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "adapters/channels/interface/channel.h"
#include "adapters/channels/telegram/telegram_api.h"
#include "adapters/loop/timer.h"

namespace spine::channels {

// Telegram takes it back by itself after 5 s, so it is said again every 4 s while a run is at work.
// Cosmetic: a few calls at once, none waits for another, and what is refused is not tried again.
// Thread: loop.
class TelegramTyping {
 public:
  // The base and the api outlive it.
  TelegramTyping(event_base* base, TelegramApi& api);

  void begin(const Work& work);
  void end(RunId run) { places_.erase(run.value); }
  void stop();
  // A group has another id from now on.
  void moved(std::string_view from, std::string_view to);

 private:
  struct Place {
    std::string chat{};
    std::string topic{};  // empty = none
    auto operator<=>(const Place&) const = default;
  };

  void turn();
  void show(const Place& place);
  void shown(const Place& place, const TelegramAnswer& answer);

  TelegramApi& api_;
  loop::Timer timer_;
  std::map<std::uint64_t, Place> places_{};    // by run
  std::map<Place, std::uint64_t> shown_ms_{};  // when it was said last
  std::uint64_t quiet_until_ms_{};             // Telegram asked to wait
  std::size_t calls_{};                        // under way
};

}  // namespace spine::channels
