// Message rules: the events of a message that is accepted.
#include "engine/core/fingerprint.h"
#include "engine/core/message_rules.h"
#include "engine/core/session_key.h"

namespace spine::core {
namespace {

constexpr std::uint64_t kMinuteMs = 60'000;

// What an id made because of a message is for: with the message's seq it makes ids that differ.
// pairing_rules.cc has number 4.
enum class IdPurpose : std::uint64_t { session = 1, run = 2, reset = 3 };

Bits128 new_id(const fb::MessageReceived& message, Seq seq, IdPurpose purpose) {
  return uuid_from(bits_of(message.entropy()),
                   seq.value << 8 | static_cast<std::uint64_t>(purpose));
}

}  // namespace

bool has_trusted_work(const Tables& tables, std::uint32_t session_row) {
  const SessionHot& session = tables.sessions.hot(session_row);
  const auto trusted = [&](std::uint32_t row) {
    return row != 0 && tables.runs[row].trust == fb::Trust::trusted;
  };
  if (trusted(session.running)) return true;
  for (std::uint32_t row = session.waiting.first; row != 0; row = tables.runs.next(row)) {
    if (trusted(row)) return true;
  }
  return false;
}

bool MessageRules::starts_afresh(fb::ResetReason& reason) const {
  const SessionHot& hot = tables_.sessions.hot(session_row_);
  // A conversation in which somebody is being answered is not over.
  if (hot.running != 0 || hot.waiting_count != 0) return false;
  const SessionCold& cold = tables_.sessions.cold(session_row_);
  const Policy& policy = tables_.policy;
  const ResetRule& rule = is_thread_key(session_key_.view())                  ? policy.reset_thread
                          : cold.conversation == fb::ConversationKind::direct ? policy.reset_direct
                                                                              : policy.reset_group;
  // The offset that holds at the boundary counts, not today's: they differ after a change of
  // daylight saving.
  const Zone& local = tables_.meta.local;
  if (rule.daily && cold.started_wall_ms < local.last_hour_ms(input_.now.wall_ms, rule.at_hour)) {
    reason = fb::ResetReason::daily;
    return true;
  }
  const std::uint64_t now_ms = input_.now.logical_ms;
  if (rule.idle_minutes != 0 && now_ms >= hot.active_ms &&
      now_ms - hot.active_ms >= rule.idle_minutes * kMinuteMs) {
    reason = fb::ResetReason::idle;
    return true;
  }
  return false;
}

void MessageRules::accept() {
  // Ids are seqs of events that follow: the message, then who sent it, then where it goes.
  const Seq seq = drafter_.next_seq();
  std::uint64_t following = seq.value + 1;
  const bool new_principal = by_channel() && principal_row_ == 0;
  if (new_principal) principal_ = PrincipalId{following++};
  session_ = session_row_ != 0 ? SessionId{tables_.sessions.cold(session_row_).id}
                               : SessionId{following++};
  drafter_.add_input(Why{.principal = principal_.value, .session = session_.value});

  const Why why{.cause = seq.value,
                .correlation = seq.value,
                .principal = principal_.value,
                .session = session_.value};
  if (new_principal) {
    drafter_.add_principal(why, PrincipalDraft{.kind = fb::PrincipalKind::sender,
                                               .key = principal_key_.view(),
                                               .name = text_of(message_.sender_name()),
                                               .charged = true});
  }
  fb::ResetReason reason{};
  if (session_row_ == 0) {
    open_session(why);
  } else if (manual_reset_) {
    // The words that asked for the reset belong to the life that they end, unless they go on.
    drafter_.add_session_reset(why, runs_ ? fb::ResetReason::message : fb::ResetReason::manual,
                               new_id(message_, seq, IdPurpose::reset));
    drafter_.add_runs_aborted(why, open_runs(tables_, session_row_),
                              fb::AbortReason::session_reset);
  } else if (starts_afresh(reason)) {
    drafter_.add_session_reset(why, reason, new_id(message_, seq, IdPurpose::reset));
  }
  Reply& reply = decision_.reply;
  reply.seq = seq;
  reply.session = session_;
  reply.principal = principal_;
  if (runs_) queue_run(why);
  answer_command(why);
  pass_answer_on(why);
}

void MessageRules::answer_command(const Why& why) {
  if (command_ == nullptr) return;
  const std::string answer = command_->carry_out({.tables = tables_,
                                                  .drafter = drafter_,
                                                  .why = why,
                                                  .session_row = session_row_,
                                                  .session_key = session_key_.view(),
                                                  .agent = agent_,
                                                  .trust = trust(),
                                                  .now = input_.now});
  drafter_.add_command_answered(why, command_->name, answer);
}

// Conversations on channels are called by the person or the group. An operator's own has no name:
// the program it happened to be opened with is none.
std::string_view MessageRules::session_name() const {
  if (!by_channel()) return {};
  const std::string_view id = text_of(message_.conversation_id());
  const bool direct = message_.conversation() == fb::ConversationKind::direct;
  return direct || id.empty() ? text_of(message_.sender_name()) : id;
}

void MessageRules::open_session(const Why& why) {
  KeyBuffer channel;
  channel.add_lower(text_of(message_.channel()));
  drafter_.add_session(why,
                       SessionDraft{.key = session_key_.view(),
                                    .agent = agent_,
                                    .uuid = new_id(message_, Seq{why.cause}, IdPurpose::session),
                                    .conversation = message_.conversation(),
                                    .channel = channel.view(),
                                    .name = session_name()});
}

// Words of a group, of a feed or of no person are not trusted, unless an admin says them.
fb::Trust MessageRules::trust() const {
  if (message_.untrusted() || message_.via() == fb::MessageVia::system) return fb::Trust::untrusted;
  if (!by_channel() || origin_.conversation == fb::ConversationKind::direct) {
    return fb::Trust::trusted;
  }
  // Whoever may write may name any sender: see find_answer.
  return message_.vouched() && tables_.policy.is_admin(origin_) ? fb::Trust::trusted
                                                                : fb::Trust::untrusted;
}

// What happens to the message if the session is busy; unset = it waits its turn. Words that are not
// trusted neither end work on trusted ones nor get into it; delayed ones wait.
fb::QueueMode MessageRules::queue_mode() const {
  fb::QueueMode mode = message_.queue_mode();
  if (mode == fb::QueueMode::unset) {
    KeyBuffer channel;
    channel.add_lower(text_of(message_.channel()));
    mode = tables_.policy.queue_mode(agent_, channel.view());
  }
  if (mode == fb::QueueMode::collect) return mode;
  if (mode == fb::QueueMode::followup || not_before_ms_ > input_.now.logical_ms) {
    return fb::QueueMode::unset;
  }
  const bool trusted = trust() == fb::Trust::trusted;
  const std::uint32_t running = session_row_ == 0 ? 0 : tables_.sessions.hot(session_row_).running;
  if (mode == fb::QueueMode::steer) {
    const bool above = running != 0 && tables_.runs[running].trust == fb::Trust::trusted;
    return running == 0 || (above && !trusted) ? fb::QueueMode::unset : mode;
  }
  // An interruption ends what waits, too.
  const bool above = session_row_ != 0 && has_trusted_work(tables_, session_row_);
  return above && !trusted ? fb::QueueMode::unset : mode;
}

void MessageRules::queue_run(const Why& why) {
  const Seq seq{why.cause};
  const UuidText uuid = uuid_text(new_id(message_, seq, IdPurpose::run));
  const std::string_view key = text_of(message_.idempotency_key());
  const fb::QueueMode mode = queue_mode();
  const bool interrupts = mode == fb::QueueMode::interrupt && session_row_ != 0 && !manual_reset_;
  if (interrupts) {
    drafter_.add_runs_aborted(why, open_runs(tables_, session_row_), fb::AbortReason::superseded);
  }
  const RunId run{
      drafter_
          .add_run(why,
                   RunDraft{.key = key.empty() ? std::string_view{uuid.data(), uuid.size()} : key,
                            .agent = agent_,
                            .message = seq,
                            .not_before_ms = not_before_ms_,
                            .trust = trust(),
                            .queue_mode = mode})
          .value};
  decision_.reply.run = run;
  // Either way nothing else of the session is left to be worked on.
  if (!interrupts && !manual_reset_) return start_next(why, run);
  if (not_before_ms_ > input_.now.logical_ms) return;
  Why start = why;
  start.cause = run.value;
  drafter_.add_run_started(start, run);
}

// After the message's run was queued: what the session works on now, if it is free.
void MessageRules::start_next(const Why& why, RunId queued) {
  const std::uint64_t now_ms = input_.now.logical_ms;
  if (session_row_ != 0) {
    if (tables_.sessions.hot(session_row_).running != 0) return;
    // One whose time has come waits no longer than this message does.
    const std::uint32_t due = next_due_run(tables_, session_row_, now_ms, {});
    if (due != 0) return drafter_.start_run(due, now_ms, {});
  }
  if (not_before_ms_ > now_ms) return;
  Why start = why;
  start.cause = queued.value;
  drafter_.add_run_started(start, queued);
}

}  // namespace spine::core
