// Sends: texts that somebody asked to be sent to channels: by which key, and what came of them.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/messages/repeats.h"
#include "engine/core/model/rows.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

// Of the idempotency key of a principal: no key of a message is the same.
Bits128 send_fingerprint(Bits128 key, PrincipalId principal, std::string_view text);

// The last ones, in order of their requests. Of two with one key the index has the later.
class Sends : public FingerprintRing<SendRow, limits::kSendsKept, limits::kSendsKept> {
 public:
  // False when the key was not used within limits::kIdempotencyMs before now_ms.
  bool find(Bits128 fingerprint, std::uint64_t now_ms, SendRow& out) const;
  // False when it is none of the last.
  bool find(DeliveryId delivery, SendRow& out) const;
  // A key that is there starts anew; the oldest goes when the table is full.
  // REQUIRES: every request is smaller.
  void add(const SendRow& send);
  bool restore(const SendRow& send);
  // Its delivery has an outcome; 0 = it is under way again. Nothing when it is none of the last.
  void end(DeliveryId delivery, Seq ended);

 private:
  // Its number, the oldest is 0; count() = it is not there.
  std::uint32_t number_of(DeliveryId delivery) const;
};

}  // namespace spine::core
