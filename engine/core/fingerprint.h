// Fingerprints of what must be recognised when it comes again.
#pragma once

#include <string_view>

#include "schemas/fields.h"
#include "schemas/vocab/ids.h"

#include "event_generated.h"

namespace spine::core {

// Whether the message's (channel, account, external_id) is unique: then it has a fingerprint.
bool has_fingerprint(const fb::MessageReceived& message);
// SipHash under the journal's key: nobody outside can make two messages collide. The case of the
// account counts if the message says that ids are exact.
Bits128 message_fingerprint(Bits128 key, const fb::MessageReceived& message);
// What the message's fingerprint was when ids were folded. False when it is the same as today's.
bool folded_fingerprint(Bits128 key, const fb::MessageReceived& message, Bits128& print);
// Of an idempotency key of a principal.
Bits128 idempotency_fingerprint(Bits128 key, PrincipalId principal, std::string_view text);

}  // namespace spine::core
