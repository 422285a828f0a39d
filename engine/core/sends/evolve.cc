// Sends: asked for.
#include "engine/core/sends/evolve.h"

#include "engine/core/principals/evolve.h"
#include "engine/core/sends/sends.h"

namespace spine::core {

void fold_send(const Folding& fold) {
  const auto& body = fold.body<fb::SendRequested>();
  const PrincipalId principal{fold.event.header.principal};
  if (const std::uint32_t row = fold.tables.principals.find(principal); row != 0) charge(fold, row);
  fold.tables.sends.add({.request = fold.seq(),
                         .fingerprint = send_fingerprint(
                             fold.tables.meta.fingerprint_key, principal,
                             cut_bytes(body.idempotency_key(), limits::kIdempotencyKeyBytesMax)),
                         .logical_ms = fold.logical_ms()});
}

}  // namespace spine::core
