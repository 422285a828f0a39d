// Idempotency: which requests were made with which key, for a day.
#pragma once

#include <cstdint>

#include "engine/core/hash_index.h"
#include "engine/core/rows.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/lazy_array.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

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
