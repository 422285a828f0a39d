// ChannelSetup: what an account of a channel is made from.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "adapters/channels/interface/reports.h"
#include "engine/config/settings/channel_config.h"

struct event_base;

namespace spine::channels {

// The references outlive the channel. What it was read up to, and who it was, as the journal or its
// life before knows it: reports.now().
struct ChannelSetup {
  event_base* base{};
  Reports& reports;
  const config::ChannelConfig& config;
  // It cannot go on as it is: its state is `down` for that reason (for people, with what to do). It
  // is stopped and destroyed later, from the loop, and one like it started after a back-off.
  std::function<void(std::string_view why)> give_up{};
};

}  // namespace spine::channels
