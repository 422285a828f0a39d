// Sends: asked for.
#include "engine/core/sends/evolve.h"

#include "engine/core/sends/sends.h"

namespace spine::core {

void fold_send(const Folding& fold) {
  const auto& body = fold.body<fb::SendRequested>();
  const PrincipalId principal{fold.event.header.principal};
  fold.tables.sends.add({.request = fold.seq(),
                         .fingerprint = send_fingerprint(
                             fold.tables.meta.fingerprint_key, principal,
                             cut_bytes(body.idempotency_key(), limits::kIdempotencyKeyBytesMax)),
                         .logical_ms = fold.logical_ms()});
}

}  // namespace spine::core
