// session: resets, and what has no effect.
#include "engine/config/settings/session_config.h"

#include "engine/config/source/reading.h"
#include "schemas/vocab/limits.h"

namespace spine::config {
namespace {

using enum Type;
using enum Applies;
using enum Settable;

constexpr Accepts kDmScopes =
    one_of({{"main", fb::DmScope::main},
            {"per-peer", fb::DmScope::per_peer},
            {"per-channel-peer", fb::DmScope::per_channel_peer},
            {"per-account-channel-peer", fb::DmScope::per_account_channel_peer}});
constexpr Accepts kGroupScopes = one_of({{"per-group", false}, {"main", true}});
constexpr Accepts kPruneAfter = within_days(1, 36'500);

// Settings that decide which session a message belongs to, and who is answered, are not changed
// remotely.
constexpr std::array kSession{
    remote("session", object, not_kept, "how conversations are told apart"),
    Setting{"session.scope", words("per-sender", "global"), not_kept,
            "only \"per-sender\" has an effect"},
    Setting{"session.dmScope", kDmScopes, in<&Config::dm_scope>,
            "which direct messages are one conversation"},
    Setting{"session.groupScope", kGroupScopes, in<&Config::group_scope_main>,
            "whether groups have conversations of their own"},
    remote("session.mainKey", text, in<&Config::main_key>, "the name of the main conversation"),
    remote("session.idleMinutes", whole(1, 5'256'000), not_kept,
           "the same as session.reset.idleMinutes"),
    remote("session.resetTriggers", text_list, in<&Config::reset_triggers>,
           "messages that begin a conversation afresh"),
    remote("session.reset|resetByType", object, not_kept, "when conversations begin afresh"),
    remote("session.resetByType.direct|dm|group|thread", object, not_kept,
           "the same for conversations of one kind"),
    remote("session.maintenance", object, not_kept, "what old conversations take"),
    remote("session.maintenance.mode", words("enforce", "warn"), not_kept,
           "only \"enforce\" has an effect"),
    remote("session.maintenance.pruneDays", whole(1, 36'500), in<&Config::session_idle_days>,
           "the same as session.maintenance.pruneAfter, in days"),
    remote("session.maintenance.pruneAfter", kPruneAfter, in<&Config::session_idle_days>,
           "how long a conversation without messages stays"),
    unused("session.maintenance.maxEntries", whole(1, 100'000'000), remotely),
    unused("session.maintenance.*", scalar, remotely),
    unused("session.identityLinks", object),
    Setting{"session.identityLinks.*", ids},
    unused("session.resetByChannel", object, remotely),
    remote("session.resetByChannel.*", any, not_kept),
    decides("session.sendPolicy", object, not_kept, {}),
    Setting{"session.sendPolicy.default", words("allow", "deny")},
    Setting{"session.sendPolicy.rules", list},
    Setting{"session.sendPolicy.rules.[].action", words("allow", "deny")},
    Setting{"session.sendPolicy.rules.[].match.channel|keyPrefix|rawKeyPrefix", text},
    Setting{"session.sendPolicy.rules.[].match.chatType", words("direct", "group", "channel")},
    unused("session.typingIntervalSeconds|parentForkMaxTokens", number, remotely),
    remote("session.typingMode", text, not_kept,
           "\"never\": chats of Telegram do not show that an answer is being written"),
    unused("session.threadBindings", any, remotely),
    unused("session.store|agentToAgent"),
};

constexpr std::array kReset{
    remote("mode", words("none", "daily", "idle"), not_kept,
           "whether it is the hour of a day or idle time that counts"),
    remote("atHour", whole(0, 23), in<&Reset::at_hour>, "the hour of \"daily\""),
    remote("idleMinutes", whole(1, 5'256'000), in<&Reset::idle_minutes>,
           "the time without messages of \"idle\""),
};

template <Reset Config::*reset>
const void* reset_of(const Config& config, std::string_view) {
  return &(config.*reset);
}

constexpr std::array kResetPlaces{
    TablePlace{"session.reset.", reset_of<&Config::reset_direct>},
    TablePlace{"session.resetByType.direct.", reset_of<&Config::reset_direct>},
    TablePlace{"session.resetByType.dm.", reset_of<&Config::reset_direct>},
    TablePlace{"session.resetByType.group.", reset_of<&Config::reset_group>},
    TablePlace{"session.resetByType.thread.", reset_of<&Config::reset_thread>},
};

// `base`, overridden by what stands at `id`. Without a mode, idleMinutes alone means idle.
Reset read_reset(const Reading& reading, NodeId id, const Reset& base) {
  if (id == 0) return base;
  Reset reset = base;
  reading.take(kReset, id, &reset);
  const NodeId mode = reading.below(id, "mode");
  const bool has_idle = reading.below(id, "idleMinutes") != 0;
  const auto name = reading.text(mode);
  if (!name) {
    reset.daily = reset.daily || (reading.below(id, "atHour") != 0 && !has_idle);
    return reset;
  }
  reset.daily = *name == "daily";
  if (*name == "none" || (*name == "daily" && !has_idle)) reset.idle_minutes = 0;
  if (*name == "idle" && reset.idle_minutes == 0) {
    reading.error(mode, "a reset after idle time needs idleMinutes; add it, or use \"none\".");
  }
  return reset;
}

void read_resets(Reading& reading) {
  Config& config = reading.config;
  Reset base;
  if (const auto idle = reading.integer(reading.root, "session.idleMinutes")) {
    base.idle_minutes = static_cast<std::uint32_t>(*idle);
  }
  base = read_reset(reading, reading.at("session.reset"), base);
  const NodeId by_type = reading.at("session.resetByType");
  const NodeId direct = reading.below(by_type, "direct");
  const NodeId dm = reading.below(by_type, "dm");
  if (direct != 0 && dm != 0) {
    reading.error(
        dm, "session.resetByType has both dm and direct ({}), which mean the same; keep direct.",
        reading.where(direct));
  }
  config.reset_direct = read_reset(reading, direct != 0 ? direct : dm, base);
  config.reset_group = read_reset(reading, reading.below(by_type, "group"), base);
  config.reset_thread = read_reset(reading, reading.below(by_type, "thread"), base);
}

}  // namespace

constinit const SettingTable kSessionTable{kAtRoot, kSession};
constinit const SettingTable kResetTable{kResetPlaces, kReset};

void read_session(Reading& reading) {
  const NodeId scope = reading.at("session.scope");
  if (reading.text(scope) == "global") {
    reading.warn(scope,
                 "session.scope \"global\" has no effect in this version: people keep "
                 "conversations of their own, as session.dmScope says.");
  }
  std::string& key = reading.config.main_key;
  key = lower_case(key);
  if (key.empty() || key.size() > limits::kNameBytesMax || key.find(':') != std::string::npos) {
    reading.error(reading.at("session.mainKey"),
                  "session.mainKey must be a name of at most 256 bytes without ':'.");
  }
  read_resets(reading);
  const NodeId mode = reading.at("session.maintenance.mode");
  if (reading.text(mode) == "warn") {
    reading.warn(mode, "session.maintenance.mode \"warn\" has no effect in this version.");
  }
  const NodeId after = reading.at("session.maintenance.pruneAfter");
  if (after != 0 && !parse_days(*reading.text(after))->exact) {
    // Rounded up: a session never expires earlier than was asked for.
    reading.warn(after, "session.maintenance.pruneAfter is rounded up to {} days.",
                 reading.config.session_idle_days);
  }
  const NodeId policy = reading.at("session.sendPolicy");
  const NodeId rules = reading.below(policy, "rules");
  if (reading.text(policy, "default") == "deny" || !reading.children(rules).empty()) {
    reading.warn(policy, "session.sendPolicy has no effect in this version.");
  }
}

}  // namespace spine::config
