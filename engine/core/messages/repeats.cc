// Repeats: length-prefixed fields through SipHash-2-4-128; rings with an index each.
#include "engine/core/messages/repeats.h"

#include <algorithm>

#include "engine/core/base/key_buffer.h"
#include "engine/core/model/tables.h"
#include "schemas/vocab/siphash.h"

namespace spine::core {
namespace {

// The next entries to go are fetched this many insertions ahead.
constexpr std::uint32_t kFetchAhead = 8;
// Entries whose day has passed are cleared away by later ones, a few at a time.
constexpr int kClearedPerAdd = 4;

// Flattened, like what folds a message: reading a field is a call of its own otherwise.
[[gnu::flatten]] Bits128 fingerprint_of(Bits128 key, const fb::MessageReceived& message,
                                        IdCase ids) {
  KeyBuffer fields;
  fields.add("d")
      .add_field_lower(text_of(message.channel()))
      .add_id_field(text_of(message.account()), ids)
      .add_field(text_of(message.external_id()));
  return siphash128(key, as_bytes(fields.view()));
}

bool passed(const IdempotentRequest& request, std::uint64_t now_ms) {
  return now_ms >= request.logical_ms && now_ms - request.logical_ms >= limits::kIdempotencyMs;
}

}  // namespace

[[gnu::flatten]] bool has_fingerprint(const fb::MessageReceived& message) {
  return message.via() == fb::MessageVia::channel && !text_of(message.external_id()).empty();
}

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

Seq find_original(const Tables& tables, const fb::MessageReceived& message, Bits128 fingerprint) {
  const Seq original = tables.duplicates.find(fingerprint);
  if (original) return original;
  // Fingerprints from before ids were exact have the account folded: a message of that time that a
  // bridge repeats after the update is a duplicate as ever. A younger match is another account's.
  Bits128 folded{};
  if (!folded_fingerprint(tables.meta.fingerprint_key, message, folded)) return {};
  const Seq older = tables.duplicates.find(folded);
  return older < tables.meta.exact_since ? older : Seq{};
}

Bits128 idempotency_fingerprint(Bits128 key, PrincipalId principal, std::string_view text) {
  KeyBuffer fields;
  char id[sizeof(principal.value)];
  std::memcpy(id, &principal.value, sizeof(id));
  fields.add("i").add({id, sizeof(id)}).add_field(text);
  return siphash128(key, as_bytes(fields.view()));
}

Seq Duplicates::find(Bits128 fingerprint) const {
  const std::uint32_t row = find_place(fingerprint);
  return row == 0 ? Seq{} : ring_[row - 1].seq;
}

void Duplicates::add(const Duplicate& entry) {
  if (find_place(entry.fingerprint) != 0) return;
  if (count() == kRowsMax) {
    constexpr std::uint32_t kYoungMinutes = minute_of(limits::kDuplicateYoungMs);
    if (entry.minute - ring_[first_].minute < kYoungMinutes) ++evicted_young_;
    drop_oldest();
    prefetch(at(kFetchAhead).fingerprint);
  }
  push(entry);
}

bool Idempotency::find(Bits128 fingerprint, std::uint64_t now_ms, IdempotentRequest& out) const {
  const std::uint32_t row = find_place(fingerprint);
  if (row == 0 || passed(ring_[row - 1], now_ms)) return false;
  out = ring_[row - 1];
  return true;
}

void Idempotency::add(const IdempotentRequest& request) {
  for (int i = 0; i < kClearedPerAdd && count_ > 0 && passed(ring_[first_], request.logical_ms);
       ++i)
    drop_oldest();
  if (count_ == kRowsMax) {
    if (!passed(ring_[first_], request.logical_ms)) ++evicted_young_;
    drop_oldest();
  }
  restore(request);
}

bool Idempotency::restore(const IdempotentRequest& request) {
  const std::uint32_t old = find_place(request.fingerprint);
  if (old != 0) index_.erase(hash_fingerprint(request.fingerprint), old);
  push(request);
  return true;
}

void Idempotency::set_run(Seq message, RunId run) {
  if (count_ == 0) return;
  IdempotentRequest& last = ring_[place(count_ - 1)];
  if (last.message == message) last.run = run;
}

}  // namespace spine::core
