// Life: which input comes next. Golden journals were made with it: new inputs get new journals.
#include "tests/unit/core/life.h"

#include <iterator>

#include "engine/core/effects.h"

namespace spine::core {

ConfigSpec random_config(Prng& prng) {
  ConfigSpec config;
  config.dm_scope = static_cast<fb::DmScope>(prng.below(4));
  config.per_minute = prng.chance(50) ? 0 : static_cast<std::uint32_t>(1 + prng.below(120));
  config.burst = static_cast<std::uint32_t>(prng.below(5));
  config.daily = prng.chance(30);
  config.idle_minutes = static_cast<std::uint32_t>(prng.below(3) * 30);
  config.idle_days = static_cast<std::uint32_t>(prng.below(3));
  config.group_scope_main = prng.chance(10);
  if (prng.chance(30)) config.bindings.push_back({.agent = "none", .channel = "irc"});
  if (prng.chance(30)) {
    config.bindings.push_back(
        {.agent = "work", .channel = "telegram", .has_peer = true, .peer = "user1"});
  }
  if (prng.chance(30)) config.channels.push_back({.name = "discord", .dm = fb::DmPolicy::pairing});
  return config;
}

void Life::step() {
  if (prng_.chance(20)) world.advance_ms(prng_.below(prng_.chance(10) ? 40'000'000 : 2'000));
  const std::uint64_t kind = prng_.below(100);
  if (kind < 40) {
    world.message(channel_message());
  } else if (kind < 50) {
    const std::string key = chat_key();
    const std::string text = words();
    world.chat(key, text, idempotency());
  } else if (kind < 72) {
    end_some_run();
  } else if (kind < 78) {
    world.abort(some_session());
  } else if (kind < 80) {
    world.abort(SessionId{}, {prng_.below(world.journal.size() + 2)});
  } else if (kind < 83) {
    world.reset(some_session());
  } else if (kind < 86) {
    world.close(some_session());
  } else if (kind < 95) {
    world.deadline();
  } else if (kind < 97) {
    world.connect(prng_.chance(50) ? "token" : "other");
  } else if (kind < 98) {
    world.time_zone(static_cast<std::int16_t>(prng_.below(120)));
  } else {
    world.configure(random_config(prng_));
  }
}

std::string Life::words() {
  return prng_.chance(5) ? "/new" : "text " + std::to_string(prng_.below(100));
}

std::string Life::idempotency() {
  return prng_.chance(50) ? std::string{} : "key" + std::to_string(prng_.below(20));
}

std::string Life::chat_key() {
  const char* keys[] = {"main", "notes", "agent:work:x", "agent:nobody:y", "agent:none:z"};
  return keys[prng_.below(std::size(keys))];
}

MessageSpec Life::channel_message() {
  const char* channels[] = {"telegram", "discord", "irc"};
  MessageSpec spec;
  spec.channel = channels[prng_.below(std::size(channels))];
  spec.sender = "user" + std::to_string(prng_.below(6));
  spec.external_id = prng_.chance(10) ? std::string{} : std::to_string(prng_.below(2'000));
  spec.text = words();
  spec.conversation = static_cast<fb::ConversationKind>(prng_.below(3));
  if (spec.conversation != fb::ConversationKind::direct) {
    spec.conversation_id = "g" + std::to_string(prng_.below(3));
    if (prng_.chance(30)) spec.thread = std::to_string(prng_.below(3));
  }
  return spec;
}

SessionId Life::some_session() {
  std::vector<SessionId> ids;
  list_sessions(world.state, {}, 0, 100, ids);
  return ids.empty() || prng_.chance(5) ? SessionId{prng_.below(100)}
                                        : ids[prng_.below(ids.size())];
}

void Life::end_some_run() {
  std::vector<Effect> open;
  open_obligations(world.state, open);
  const RunId run = open.empty() || prng_.chance(3) ? RunId{prng_.below(100)}
                                                    : open[prng_.below(open.size())].run;
  if (prng_.chance(80)) {
    world.finish(run);
  } else {
    world.fail(run);
  }
}

}  // namespace spine::core
