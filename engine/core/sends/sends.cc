// Sends: a ring in order of the requests, and so of their deliveries.
#include "engine/core/sends/sends.h"

#include <cstring>

#include "engine/core/base/key_buffer.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {

Bits128 send_fingerprint(Bits128 key, PrincipalId principal, std::string_view text) {
  KeyBuffer fields;
  char id[sizeof(principal.value)];
  std::memcpy(id, &principal.value, sizeof(id));
  fields.add("s").add({id, sizeof(id)}).add_field(text);
  return siphash128(key, as_bytes(fields.view()));
}

bool Sends::find(Bits128 fingerprint, std::uint64_t now_ms, SendRow& out) const {
  const std::uint32_t at = find_place(fingerprint);
  if (at == 0) return false;
  const SendRow& send = ring_[at - 1];
  if (now_ms >= send.logical_ms && now_ms - send.logical_ms >= limits::kIdempotencyMs) return false;
  out = send;
  return true;
}

bool Sends::find(DeliveryId delivery, SendRow& out) const {
  const std::uint32_t number = number_of(delivery);
  if (number == count()) return false;
  out = at(number);
  return true;
}

void Sends::add(const SendRow& send) {
  if (count() == kRowsMax) drop_oldest();
  restore(send);
}

bool Sends::restore(const SendRow& send) {
  const std::uint32_t old = find_place(send.fingerprint);
  if (old != 0) index_.erase(hash_fingerprint(send.fingerprint), old);
  push(send);
  return true;
}

void Sends::end(DeliveryId delivery, Seq ended) {
  const std::uint32_t number = number_of(delivery);
  if (number != count()) ring_[place(number)].ended = ended;
}

std::uint32_t Sends::number_of(DeliveryId delivery) const {
  std::uint32_t first = 0;
  std::uint32_t last = count();
  while (first < last) {
    const std::uint32_t middle = first + (last - first) / 2;
    if (at(middle).delivery() < delivery) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first < count() && at(first).delivery() == delivery ? first : count();
}

}  // namespace spine::core
