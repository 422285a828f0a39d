// The session section: how conversations are told apart, when they start afresh, how long they
// stay.
#include <algorithm>
#include <fmt/format.h>

#include "engine/config/duration.h"
#include "engine/config/reading.h"
#include "schemas/vocab/limits.h"

namespace spine::config {
namespace {

fb::DmScope dm_scope_of(std::string_view name) {
  if (name == "main") return fb::DmScope::main;
  if (name == "per-peer") return fb::DmScope::per_peer;
  if (name == "per-account-channel-peer") return fb::DmScope::per_account_channel_peer;
  return fb::DmScope::per_channel_peer;
}

// One { mode, atHour, idleMinutes } laid upon `base`. Without a mode, idleMinutes alone means idle.
Reset read_reset(const Reading& reading, NodeId id, const Reset& base) {
  if (id == 0) return base;
  Reset reset = base;
  const NodeId mode = reading.below(id, "mode");
  const auto hour = reading.integer(reading.below(id, "atHour"));
  const auto idle = reading.integer(reading.below(id, "idleMinutes"));
  if (hour) reset.at_hour = static_cast<std::uint8_t>(*hour);
  if (idle) reset.idle_minutes = static_cast<std::uint32_t>(*idle);
  const auto name = reading.text(mode);
  if (!name) {
    reset.daily = reset.daily || (hour.has_value() && !idle.has_value());
    return reset;
  }
  reset.daily = *name == "daily";
  if (*name == "none") reset.idle_minutes = 0;
  if (*name == "daily" && !idle) reset.idle_minutes = 0;
  if (*name == "idle" && reset.idle_minutes == 0) {
    reading.error(mode, "a reset after idle time needs idleMinutes; add it, or use \"none\".");
  }
  return reset;
}

void read_resets(Reading& reading) {
  Config& config = reading.config;
  Reset base;
  if (const auto idle = reading.integer(reading.at("session.idleMinutes"))) {
    base.idle_minutes = static_cast<std::uint32_t>(*idle);
  }
  base = read_reset(reading, reading.at("session.reset"), base);
  const NodeId by_type = reading.at("session.resetByType");
  const NodeId direct = reading.below(by_type, "direct");
  const NodeId dm = reading.below(by_type, "dm");
  if (direct != 0 && dm != 0) {
    reading.error(dm, fmt::format("session.resetByType has both dm and direct ({}), which mean the "
                                  "same; keep direct.",
                                  reading.where(direct)));
  }
  config.reset_direct = read_reset(reading, direct != 0 ? direct : dm, base);
  config.reset_group = read_reset(reading, reading.below(by_type, "group"), base);
  config.reset_thread = read_reset(reading, reading.below(by_type, "thread"), base);
  const NodeId triggers = reading.at("session.resetTriggers");
  if (triggers != 0) config.reset_triggers = reading.texts(triggers);
}

void read_maintenance(Reading& reading) {
  const NodeId mode = reading.at("session.maintenance.mode");
  if (reading.text(mode) == "warn") {
    reading.warn(mode, "session.maintenance.mode \"warn\" has no effect in this version.");
  }
  const NodeId days = reading.at("session.maintenance.pruneDays");
  if (const auto count = reading.integer(days)) {
    reading.config.session_idle_days = static_cast<std::uint32_t>(*count);
  }
  const NodeId after = reading.at("session.maintenance.pruneAfter");
  if (after == 0) return;
  std::uint64_t ms{};
  if (!parse_duration(*reading.text(after), kDayMs, ms)) {
    reading.error(after, "session.maintenance.pruneAfter must be a time such as \"30d\".");
    return;
  }
  // Whole days, rounded up: a session never goes earlier than was asked for.
  const std::uint64_t rounded = (ms + kDayMs - 1) / kDayMs;
  constexpr std::uint64_t kDaysMax = 36'500;
  if (rounded == 0 || rounded > kDaysMax) {
    reading.error(
        after, fmt::format("session.maintenance.pruneAfter must be from 1 to {} days.", kDaysMax));
    return;
  }
  if (ms % kDayMs != 0) {
    reading.warn(after,
                 fmt::format("session.maintenance.pruneAfter is rounded up to {} days.", rounded));
  }
  if (days != 0 && reading.config.session_idle_days != rounded) {
    reading.error(after, fmt::format("session.maintenance.pruneAfter disagrees with pruneDays "
                                     "({}); keep one.",
                                     reading.where(days)));
  }
  reading.config.session_idle_days = static_cast<std::uint32_t>(rounded);
}

void warn_of_send_policy(const Reading& reading) {
  const NodeId policy = reading.at("session.sendPolicy");
  if (policy == 0) return;
  const NodeId rules = reading.below(policy, "rules");
  const bool denies = reading.text(reading.below(policy, "default")) == "deny";
  const bool has_rules = rules != 0 && reading.document.first_child(rules) != 0;
  if (denies || has_rules) {
    reading.warn(policy, "session.sendPolicy has no effect in this version.");
  }
}

}  // namespace

void read_session(Reading& reading) {
  Config& config = reading.config;
  if (const auto scope = reading.text(reading.at("session.dmScope"))) {
    config.dm_scope = dm_scope_of(*scope);
  }
  config.group_scope_main = reading.text(reading.at("session.groupScope")) == "main";
  const NodeId scope = reading.at("session.scope");
  if (reading.text(scope) == "global") {
    reading.warn(scope,
                 "session.scope \"global\" has no effect in this version: people keep "
                 "conversations of their own, as session.dmScope says.");
  }
  const NodeId main_key = reading.at("session.mainKey");
  if (const auto key = reading.text(main_key)) {
    config.main_key = lower_case(*key);
    if (key->empty() || key->size() > limits::kNameBytesMax ||
        key->find(':') != std::string::npos) {
      reading.error(main_key, "session.mainKey must be a name of at most 256 bytes without ':'.");
    }
  }
  read_resets(reading);
  read_maintenance(reading);
  warn_of_send_policy(reading);
}

}  // namespace spine::config
