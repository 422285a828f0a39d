// Repeats: how a message or a request is known again when it comes a second time.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/core/hash_index.h"
#include "engine/core/rows.h"
#include "schemas/fields.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/lazy_array.h"
#include "schemas/vocab/limits.h"

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

// Fingerprints of the messages that were seen, the oldest out first.
class Duplicates {
 public:
  using Row = Duplicate;
  static constexpr std::uint32_t kRowsMax = limits::kDuplicatesMax;
  static constexpr std::size_t kRowBytesMax = 28 + 16;  // columns and index

  Duplicates();

  // Seq of the message with that fingerprint; 0 = not seen, or too long ago.
  Seq find(Bits128 fingerprint) const;
  // Remembers a message; does nothing when its fingerprint is there. When the table is full the
  // oldest entry goes, and is counted if it was younger than limits::kDuplicateYoungMs.
  void add(const Duplicate& entry);

  // Tells the processor that find() or add() of this fingerprint comes soon: what lies between
  // hides most of a cache miss.
  void prefetch(Bits128 fingerprint) const;

  std::uint32_t count() const { return count_; }
  // The oldest is 0. REQUIRES: index < count().
  Duplicate at(std::uint32_t index) const;
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (std::uint32_t i = 0; i < count_; ++i)
      visit(at(i));
  }
  bool restore(const Duplicate& entry) {
    add(entry);
    return true;
  }
  const std::uint64_t& evicted_young() const { return evicted_young_; }
  std::uint64_t& evicted_young() { return evicted_young_; }
  std::size_t bytes() const;

  static constexpr std::uint32_t minute_of(std::uint64_t logical_ms) {
    return static_cast<std::uint32_t>(logical_ms / 60'000);
  }

 private:
  std::uint32_t place(std::uint32_t index) const {
    return (first_ + index) & (limits::kDuplicatesMax - 1);
  }
  std::uint32_t find_place(Bits128 fingerprint) const;
  void drop_oldest(std::uint32_t minute);

  // A ring: entry i of count_ stands at place(i). The index holds places + 1.
  LazyArray<Bits128> fingerprint_;
  LazyArray<Seq> seq_;
  LazyArray<std::uint32_t> minute_;
  HashIndex index_{};
  std::uint32_t first_{};
  std::uint32_t count_{};
  std::uint64_t evicted_young_{};
};

// Which requests were made with which key, for a day.
class Idempotency {
 public:
  using Row = IdempotentRequest;
  static constexpr std::uint32_t kRowsMax = limits::kIdempotencyKeysMax;
  static constexpr std::size_t kRowBytesMax = sizeof(IdempotentRequest) + 32;  // and index

  Idempotency();

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

  std::uint32_t count() const { return count_; }
  // The oldest is 0. REQUIRES: index < count().
  const IdempotentRequest& at(std::uint32_t index) const { return ring_[place(index)]; }
  template <class Visit>
  void for_each_row(Visit visit) const {
    for (std::uint32_t i = 0; i < count_; ++i)
      visit(at(i));
  }
  std::size_t bytes() const;
  // Keys that went before their day had passed, because the table was full.
  const std::uint64_t& evicted_young() const { return evicted_young_; }
  std::uint64_t& evicted_young() { return evicted_young_; }

 private:
  static constexpr std::uint32_t kRing = 1U << 17;
  static_assert(kRing > limits::kIdempotencyKeysMax);

  std::uint32_t place(std::uint32_t index) const { return (first_ + index) & (kRing - 1); }
  void drop_oldest();

  LazyArray<IdempotentRequest> ring_;  // entry i of count_ stands at place(i)
  HashIndex index_{};                  // places + 1; of two with one key the later one only
  std::uint32_t first_{};
  std::uint32_t count_{};
  std::uint64_t evicted_young_{};
};

}  // namespace spine::core
