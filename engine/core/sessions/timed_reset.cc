// Timed reset: the rule of the conversation's kind.
#include "engine/core/sessions/timed_reset.h"

#include "engine/core/base/rate.h"
#include "engine/core/sessions/session_key.h"

namespace spine::core {

std::optional<fb::ResetReason> timed_reset(const Tables& tables, std::uint32_t session_row,
                                           Instant now) {
  const SessionHot& hot = tables.sessions.hot(session_row);
  if (hot.running != 0 || hot.waiting_count != 0) return {};
  const SessionCold& cold = tables.sessions.cold(session_row);
  const Policy& policy = tables.policy;
  const ResetRule& rule = is_thread_key(tables.sessions.text(cold.key))       ? policy.reset_thread
                          : cold.conversation == fb::ConversationKind::direct ? policy.reset_direct
                                                                              : policy.reset_group;
  // The offset that holds at the boundary counts, not today's: they differ after a change of
  // daylight saving.
  const Zone& local = tables.meta.local;
  if (rule.daily && cold.started_wall_ms < local.last_hour_ms(now.wall_ms, rule.at_hour)) {
    return fb::ResetReason::daily;
  }
  if (rule.idle_minutes != 0 && now.logical_ms >= hot.active_ms &&
      now.logical_ms - hot.active_ms >= rule.idle_minutes * kMsPerMinute) {
    return fb::ResetReason::idle;
  }
  return {};
}

}  // namespace spine::core
