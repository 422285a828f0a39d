// What messages change: rate limits, duplicates and idempotency keys, histories of sessions.
#include "engine/core/messages/evolve.h"

#include "engine/core/principals/evolve.h"
#include "engine/core/sessions/evolve.h"

namespace spine::core {

[[gnu::flatten]] void fold_message(const Folding& fold) {
  const auto& message = fold.body<fb::MessageReceived>();
  Tables& tables = fold.tables;
  const Bits128 secret = tables.meta.fingerprint_key;
  const bool unique = has_fingerprint(message);
  const Bits128 print = unique ? message_fingerprint(secret, message) : Bits128{};
  if (unique) tables.duplicates.prefetch(print);
  const PrincipalId principal{fold.event.header.principal};
  const std::string_view key = text_of(message.idempotency_key());
  if (!key.empty()) {
    tables.idempotency.add(
        IdempotentRequest{.fingerprint = idempotency_fingerprint(secret, principal, key),
                          .message = fold.seq(),
                          .run = {},
                          .logical_ms = fold.logical_ms()});
  }
  // A principal or session that this message creates comes with the next events, whose folds do the
  // same for it.
  const std::uint32_t principal_row = tables.principals.find(principal);
  if (principal_row != 0) {
    charge(fold, principal_row);
    tables.principals.touch(principal_row, fold.logical_ms(), fold.seq());
  }
  const std::uint32_t session_row = tables.sessions.find(fold.session());
  if (session_row != 0) {
    append_history(fold, session_row, fold.seq());
    tables.sessions.touch(session_row, fold.logical_ms(), fold.seq());
  }
  if (unique) {
    tables.duplicates.add(Duplicate{.fingerprint = print,
                                    .seq = fold.seq(),
                                    .minute = Duplicates::minute_of(fold.logical_ms())});
  }
}

void fold_rejection(const Folding& fold) {
  std::uint64_t& tat_us = fold.tables.meta.rejection_tat_us;
  tat_us = kRejectionRate.charge(tat_us, fold.logical_ms() * kUsPerMs, 0);
}

void fold_burst_opened(const Folding& fold) {
  const auto& body = fold.body<fb::BurstOpened>();
  fold.tables.bursts.add({.id = fold.seq(),
                          .message = Seq{body.message()},
                          .session = fold.session(),
                          .key = bits_of(body.key()),
                          .group = bits_of(body.group()),
                          .closes_ms = body.closes_ms(),
                          .until_ms = body.until_ms()},
                         fold.logical_ms());
}

// The run that waits for the burst waits longer.
void fold_burst_joined(const Folding& fold) {
  const auto& body = fold.body<fb::BurstJoined>();
  Tables& tables = fold.tables;
  const RunId waiting = tables.bursts.join(Seq{body.burst()}, Seq{body.message()},
                                           bits_of(body.group()), body.closes_ms());
  const std::uint32_t row = tables.runs.find(waiting);
  if (row == 0) return;
  const Run& run = tables.runs[row];
  if (run.status != RunStatus::queued || run.not_before_ms == 0 ||
      run.not_before_ms >= body.closes_ms()) {
    return;
  }
  tables.runs.set_delay_armed(row, false);
  tables.runs.postpone(row, body.closes_ms());
  tables.runs.set_delay_armed(row, tables.sessions.hot(run.session_row).running == 0);
}

void fold_command_answered(const Folding& fold) {
  const std::uint32_t row = fold.tables.sessions.find(fold.session());
  if (row != 0) append_reply(fold, row, Seq{fold.event.header.cause});
}

}  // namespace spine::core
