// Life: which input comes next. Golden journals were made with it: new inputs get new journals.
#include "tests/unit/core/life.h"

#include <iterator>

#include "engine/core/model/effects.h"

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
  if (prng.chance(60)) config.channels.push_back({.name = "discord", .dm = fb::DmPolicy::pairing});
  if (prng.chance(60)) config.admins = {"discord:user1", "telegram:USER2"};
  randomise_agents(prng, config);
  config.exact_ids = prng.chance(60);
  if (prng.chance(30)) config.debounce_ms = 1'000;
  if (prng.chance(20)) config.debounces = {{"irc", 500}};
  return config;
}

void Life::step() {
  if (prng_.chance(20)) world.advance_ms(prng_.below(prng_.chance(10) ? 40'000'000 : 2'000));
  if (prng_.chance(15)) return door_step();
  if (prng_.chance(20)) return channel_step();
  if (prng_.chance(25)) return agent_step();
  if (prng_.chance(3)) return retry_some_run();
  if (prng_.chance(3)) return cut_some_history();
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
    change_zone();
  } else {
    world.configure(random_config(prng_));
  }
}

// As programs of before ZoneRules recorded it, or with rules, some of which are refused.
void Life::change_zone() {
  if (prng_.chance(40)) {
    world.time_zone(static_cast<std::int16_t>(prng_.below(120)));
    return;
  }
  std::vector<std::pair<std::int64_t, std::int32_t>> rules;
  std::int64_t at_s = world.now.wall_ms / 1'000;
  for (std::uint64_t i = prng_.below(4); i != 0; --i) {
    at_s += static_cast<std::int64_t>(prng_.below(200'000));
    rules.emplace_back(at_s, static_cast<std::int32_t>(prng_.below(90'000)) - 3'600);
  }
  world.zone_rules(3'600, rules);
}

void Life::door_step() {
  const std::string device = "device" + std::to_string(prng_.below(kDevices));
  const std::uint64_t kind = prng_.below(100);
  if (kind < 10) {
    world.pair_device({.id = device, .label = "label" + std::to_string(prng_.below(4))});
  } else if (kind < 20) {
    world.connect_device(device);
  } else if (kind < 25) {
    world.rename_device(device, "named " + std::to_string(prng_.below(9)));
  } else if (kind < 30) {
    world.change_token(device, prng_.chance(50) ? 32 : 0, {"operator.read"});
  } else if (kind < 33) {
    world.remove_device(device);
  } else if (kind < 45) {
    world.open_session({.key = "Board" + std::to_string(prng_.below(5)),
                        .agent = prng_.chance(50) ? "" : "work",
                        .label = prng_.chance(50) ? "" : "l" + std::to_string(prng_.below(4)),
                        .uuid = {.hi = prng_.next(), .lo = prng_.next() | 1}});
  } else if (kind < 60) {
    patch_some_session();
  } else if (kind < 75) {
    // Strangers, on the one channel that may ask for pairing.
    world.message(
        {.channel = "discord",
         .account = prng_.chance(50) ? "bot" : "Other",
         .sender = (prng_.chance(30) ? "Stranger" : "stranger") + std::to_string(prng_.below(8)),
         .exact_ids = prng_.chance(60)});
  } else if (kind < 90) {
    answer_some_request();
  } else if (kind < 94) {
    world.message({.via = fb::MessageVia::system,
                   .channel = "system",
                   .account = {},
                   .sender = {},
                   .text = words(),
                   .no_run = prng_.chance(50)});
  } else if (kind < 97) {
    world.refused_connects(1 + prng_.below(3));
  } else {
    world.config_changed(prng_.below(3));
  }
}

void Life::patch_some_session() {
  PatchSpec spec;
  if (prng_.chance(50)) spec.label = prng_.chance(20) ? "" : "l" + std::to_string(prng_.below(4));
  if (prng_.chance(30)) spec.thinking_level = prng_.chance(20) ? "" : "high";
  if (prng_.chance(30)) spec.model = prng_.chance(20) ? "" : "echo/one";
  if (prng_.chance(30)) spec.archived = prng_.chance(50);
  if (prng_.chance(30)) spec.pinned = prng_.chance(50);
  if (prng_.chance(30)) spec.unread = prng_.chance(50);
  world.patch_session(some_session(), spec);
}

void Life::cut_some_history() {
  const SessionId session = some_session();
  const HistoryParts parts = view_history(world.state, session);
  Seq at{prng_.below(world.journal.size() + 2)};
  SessionView view{};
  if (!parts.empty() && view_session(world.state, session, view) && prng_.chance(80)) {
    const std::uint64_t first = parts.front().first.value;
    at = Seq{first + prng_.below(view.history_last.value - first + 2)};
  }
  if (prng_.chance(60)) {
    world.rewind_session(session, at, prng_.below(9));
  } else {
    world.fork_session(session, prng_.chance(30) ? Seq{} : at, "", prng_.below(9));
  }
}

void Life::answer_some_request() {
  std::vector<PairingView> requests;
  list_pairing(world.state, world.now.logical_ms, requests);
  const bool approve = prng_.chance(70);
  if (requests.empty() || prng_.chance(10)) {
    world.resolve_pairing(Seq{prng_.below(500)}, approve);
    return;
  }
  const PairingView& request = requests[prng_.below(requests.size())];
  if (prng_.chance(50)) {
    world.resolve_pairing(request.request, approve);
    return;
  }
  const std::string code = prng_.chance(80) ? std::string(request.code) : "ABCD2345";
  world.message({.channel = "discord",
                 .sender = prng_.chance(80) ? "user1" : "user3",
                 .text = (approve ? "approve " : "/reject ") + code});
}

std::string Life::words() {
  constexpr const char* kWords[] = {"/new", "/Reset and go on", "/stop", "/status"};
  if (prng_.chance(7)) return kWords[prng_.below(std::size(kWords))];
  return "text " + std::to_string(prng_.below(100));
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
  if (prng_.chance(30)) spec.queue_mode = random_mode(prng_);
  spec.untrusted = prng_.chance(10);
  spec.conversation = static_cast<fb::ConversationKind>(prng_.below(3));
  if (spec.conversation != fb::ConversationKind::direct) {
    spec.conversation_id = "g" + std::to_string(prng_.below(3));
    if (prng_.chance(30)) spec.thread = std::to_string(prng_.below(3));
  }
  spec.exact_ids = prng_.chance(60);
  if (prng_.chance(20)) spec.sender[0] = 'U';
  if (prng_.chance(20)) spec.account = "Bot";
  if (prng_.chance(15)) spec.group = "album" + std::to_string(prng_.below(3));
  if (prng_.chance(20)) spec.mention = static_cast<fb::Mention>(prng_.below(3));
  if (prng_.chance(2)) spec.unsupported = "story";
  if (prng_.chance(2)) spec.too_large = 9'000'000;
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
