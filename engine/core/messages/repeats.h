// Repeats: deduplication of messages and of requests, by fingerprint.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/base/hash_index.h"
#include "engine/core/model/rows.h"
#include "schemas/fields.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/lazy_array.h"
#include "schemas/vocab/limits.h"

#include "event_generated.h"

namespace spine::core {

struct Tables;

// Whether the message's (channel, account, external_id) is unique: then it has a fingerprint.
bool has_fingerprint(const fb::MessageReceived& message);
// SipHash under the journal's key: nobody outside can make two messages collide. The case of the
// account counts if the message says that ids are exact.
Bits128 message_fingerprint(Bits128 key, const fb::MessageReceived& message);
// What the message's fingerprint was when ids were folded. False when it is the same as today's.
bool folded_fingerprint(Bits128 key, const fb::MessageReceived& message, Bits128& print);
// The message that this one, of that fingerprint, repeats; 0 = it is new.
Seq find_original(const Tables& tables, const fb::MessageReceived& message, Bits128 fingerprint);
// Of an idempotency key of a principal.
Bits128 idempotency_fingerprint(Bits128 key, PrincipalId principal, std::string_view text);

// A ring of rows with a fingerprint each, the oldest first, and an index by fingerprint.
template <class RowType, std::uint32_t kMax, std::uint32_t kRing>
class FingerprintRing {
 public:
  using Row = RowType;
  static constexpr std::uint32_t kRowsMax = kMax;
  static constexpr std::size_t kRowBytesMax = sizeof(Row) + 32;  // and index

  FingerprintRing() : ring_(kRing) {}

  std::uint32_t count() const { return count_; }
  // The oldest is 0. REQUIRES: index < count().
  const Row& at(std::uint32_t index) const { return ring_[place(index)]; }
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (std::uint32_t i = 0; i < count_; ++i)
      visit(at(i));
  }
  // How many were evicted before their time, because the table was full.
  const std::uint64_t& evicted_young() const { return evicted_young_; }
  std::uint64_t& evicted_young() { return evicted_young_; }
  std::size_t bytes() const { return std::size_t{count_} * sizeof(Row) + index_.bytes(); }

 protected:
  static_assert((kRing & (kRing - 1)) == 0 && kMax <= kRing);

  std::uint32_t place(std::uint32_t index) const { return (first_ + index) & (kRing - 1); }
  // Place + 1 of the row with that fingerprint; 0 = none.
  std::uint32_t find_place(Bits128 fingerprint) const {
    return index_.find(hash_fingerprint(fingerprint),
                       [&](std::uint32_t at) { return ring_[at - 1].fingerprint == fingerprint; });
  }
  // REQUIRES: count() < kRing, no place is found for its fingerprint.
  void push(const Row& row) {
    const std::uint32_t at = place(count_++);
    ring_[at] = row;
    index_.insert(hash_fingerprint(row.fingerprint), at + 1);
  }
  // REQUIRES: count() != 0.
  void drop_oldest() {
    index_.erase(hash_fingerprint(ring_[first_].fingerprint), first_ + 1);
    ring_[first_] = Row{};
    first_ = (first_ + 1) & (kRing - 1);
    --count_;
  }

  LazyArray<Row> ring_;  // entry i of count_ stands at place(i)
  HashIndex index_{};    // places + 1
  std::uint32_t first_{};
  std::uint32_t count_{};
  std::uint64_t evicted_young_{};
};

// Fingerprints of the messages that were seen.
class Duplicates
    : public FingerprintRing<Duplicate, limits::kDuplicatesMax, limits::kDuplicatesMax> {
 public:
  // Seq of the message with that fingerprint; 0 = not seen, or too long ago.
  Seq find(Bits128 fingerprint) const;
  // Remembers a message; does nothing when its fingerprint is there. When the table is full the
  // oldest entry goes, and is counted if it was younger than limits::kDuplicateYoungMs.
  void add(const Duplicate& entry);
  bool restore(const Duplicate& entry) {
    add(entry);
    return true;
  }
  // Tells the processor that find() or add() of this fingerprint comes soon: what lies between
  // hides most of a cache miss.
  void prefetch(Bits128 fingerprint) const { index_.prefetch(hash_fingerprint(fingerprint)); }

  static constexpr std::uint32_t minute_of(std::uint64_t logical_ms) {
    return static_cast<std::uint32_t>(logical_ms / 60'000);
  }
};

// Which requests were made with which key, for a day. Of two with one key the index has the later.
class Idempotency
    : public FingerprintRing<IdempotentRequest, limits::kIdempotencyKeysMax, 1U << 17> {
 public:
  // False when the key was not used within limits::kIdempotencyMs before now_ms.
  bool find(Bits128 fingerprint, std::uint64_t now_ms, IdempotentRequest& out) const;
  // Remembers a request; a key that is there starts anew. The oldest goes when the table is full or
  // its day has passed.
  void add(const IdempotentRequest& request);
  // Puts an entry of a snapshot behind the others, clearing nothing.
  // REQUIRES: count() < limits::kIdempotencyKeysMax.
  bool restore(const IdempotentRequest& request);
  // Names the run of the request that was added last, if it is this message's.
  void set_run(Seq message, RunId run);
};

}  // namespace spine::core
