// Duplicates: fingerprints of the messages that were seen, the oldest out first.
#pragma once

#include <cstdint>

#include "engine/core/hash_index.h"
#include "engine/core/rows.h"
#include "schemas/vocab/ids.h"
#include "schemas/vocab/lazy_array.h"
#include "schemas/vocab/limits.h"

namespace spine::core {

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

}  // namespace spine::core
