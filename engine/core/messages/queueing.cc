// Queueing: the mode that the message or the policy names, as far as the session allows it.
#include "engine/core/messages/queueing.h"

#include "engine/core/base/key_buffer.h"
#include "engine/core/runs/decide.h"
#include "schemas/fields.h"

namespace spine::core {

fb::QueueMode queue_mode_of(const Tables& tables, const QueuedWords& words) {
  fb::QueueMode mode = words.message.queue_mode();
  if (mode == fb::QueueMode::unset) {
    KeyBuffer channel;
    channel.add_lower(text_of(words.message.channel()));
    mode = tables.policy.queue_mode(words.agent, channel.view());
  }
  if (mode == fb::QueueMode::collect) return mode;
  if (mode == fb::QueueMode::followup || words.delayed) return fb::QueueMode::unset;
  const bool trusted = words.trust == fb::Trust::trusted;
  const std::uint32_t session = words.session_row;
  const std::uint32_t running = session == 0 ? 0 : tables.sessions.hot(session).running;
  if (mode == fb::QueueMode::steer) {
    const Run& at_work = tables.runs[running];
    const bool above = running != 0 && at_work.trust == fb::Trust::trusted;
    // The answer of the run goes to one conversation.
    const bool elsewhere =
        at_work.channel != words.route.channel || at_work.lane != words.route.lane;
    return running == 0 || elsewhere || (above && !trusted) ? fb::QueueMode::unset : mode;
  }
  // An interruption ends what waits, too.
  const bool above = session != 0 && has_trusted_work(tables, session);
  return above && !trusted ? fb::QueueMode::unset : mode;
}

}  // namespace spine::core
