// Fingerprints: length-prefixed fields through SipHash-2-4-128.
#include "engine/core/fingerprint.h"

#include "engine/core/key_buffer.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {

bool has_fingerprint(const fb::MessageReceived& message) {
  return message.via() == fb::MessageVia::channel && !text_of(message.external_id()).empty();
}

Bits128 message_fingerprint(Bits128 key, const fb::MessageReceived& message) {
  KeyBuffer fields;
  fields.add("d")
      .add_field_lower(text_of(message.channel()))
      .add_field_lower(text_of(message.account()))
      .add_field(text_of(message.external_id()));
  return siphash128(key, as_bytes(fields.view()));
}

Bits128 idempotency_fingerprint(Bits128 key, PrincipalId principal, std::string_view text) {
  KeyBuffer fields;
  char id[sizeof(principal.value)];
  std::memcpy(id, &principal.value, sizeof(id));
  fields.add("i").add({id, sizeof(id)}).add_field(text);
  return siphash128(key, as_bytes(fields.view()));
}

}  // namespace spine::core
