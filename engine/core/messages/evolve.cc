// What messages change: rate limits, duplicates and idempotency keys, histories of sessions.
#include "engine/core/messages/evolve.h"

#include "engine/core/principals/evolve.h"
#include "engine/core/sessions/evolve.h"

namespace spine::core {

void fold_message(const Folding& fold) {
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

void fold_command_answered(const Folding& fold) {
  const std::uint32_t row = fold.tables.sessions.find(fold.session());
  if (row != 0) append_reply(fold, row, Seq{fold.event.header.cause});
}

}  // namespace spine::core
