// Fingerprints: length-prefixed fields through SipHash-2-4-128.
#include "engine/core/fingerprint.h"

#include <algorithm>

#include "engine/core/key_buffer.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {

bool has_fingerprint(const fb::MessageReceived& message) {
  return message.via() == fb::MessageVia::channel && !text_of(message.external_id()).empty();
}

namespace {

Bits128 fingerprint_of(Bits128 key, const fb::MessageReceived& message, IdCase ids) {
  KeyBuffer fields;
  fields.add("d")
      .add_field_lower(text_of(message.channel()))
      .add_id_field(text_of(message.account()), ids)
      .add_field(text_of(message.external_id()));
  return siphash128(key, as_bytes(fields.view()));
}

}  // namespace

Bits128 message_fingerprint(Bits128 key, const fb::MessageReceived& message) {
  return fingerprint_of(key, message, id_case(message.exact_ids()));
}

bool folded_fingerprint(Bits128 key, const fb::MessageReceived& message, Bits128& print) {
  const std::string_view account = text_of(message.account());
  const bool folds = message.exact_ids() && std::any_of(account.begin(), account.end(),
                                                        [](char c) { return lower(c) != c; });
  if (folds) print = fingerprint_of(key, message, IdCase::folded);
  return folds;
}

Bits128 idempotency_fingerprint(Bits128 key, PrincipalId principal, std::string_view text) {
  KeyBuffer fields;
  char id[sizeof(principal.value)];
  std::memcpy(id, &principal.value, sizeof(id));
  fields.add("i").add({id, sizeof(id)}).add_field(text);
  return siphash128(key, as_bytes(fields.view()));
}

}  // namespace spine::core
