// Life: what channels report, and what becomes of deliveries.
#include <iterator>

#include "engine/core/model/views.h"
#include "tests/unit/core/life.h"

namespace spine::core {

void Life::channel_step() {
  const std::uint64_t kind = prng_.below(100);
  const char* channel = prng_.chance(60) ? "telegram" : "discord";
  if (kind < 25) {
    const auto to = prng_.chance(70) ? fb::ChannelState::connected
                                     : static_cast<fb::ChannelState>(prng_.below(6));
    world.channel_state(to, channel, prng_.chance(80) ? "bot" : "Other", {}, prng_.chance(30));
    return;
  }
  if (kind < 32) {
    world.channel_read(std::to_string(prng_.below(1'000)), channel);
    return;
  }
  if (kind < 36) {
    world.migrated("g" + std::to_string(prng_.below(4)), "g" + std::to_string(prng_.below(4)),
                   channel, prng_.chance(80) ? "bot" : "Bot");
    return;
  }
  if (kind < 42) {
    // Also of a run that has ended, or is none.
    const RunId run = prng_.chance(70) ? some_running() : RunId{prng_.below(300)};
    world.previewed(run, prng_.chance(80) ? "m" + std::to_string(prng_.below(50)) : "");
    return;
  }
  if (kind < 46) {
    world.switch_channel(static_cast<fb::ChannelSwitch>(prng_.below(3)), channel);
    return;
  }
  if (kind < 54) {
    world.send({.channel = channel,
                .to = prng_.chance(50) ? "alice" : "bob",
                .thread = prng_.chance(20) ? "9" : "",
                .text = prng_.chance(95) ? "sent" : "",
                .key = idempotency()});
    return;
  }
  const std::vector<DeliveryId> attempted = world.attempted();
  if (kind < 90 && !attempted.empty()) {
    const DeliveryId delivery = attempted[prng_.below(attempted.size())];
    if (prng_.chance(55)) {
      world.confirm(delivery);
    } else {
      world.fail_delivery(delivery, static_cast<fb::DeliveryFailure>(prng_.below(5)),
                          static_cast<std::uint32_t>(prng_.below(3)), prng_.below(90'000));
    }
    return;
  }
  std::vector<DeliveryId> dead;
  list_dead_letters(world.state, 0, 10, dead);
  const DeliveryId some = dead.empty() || prng_.chance(10) ? DeliveryId{prng_.below(200)}
                                                           : dead[prng_.below(dead.size())];
  if (prng_.chance(60)) {
    world.retry_delivery(some);
  } else {
    world.discard_delivery(some);
  }
}

}  // namespace spine::core
