// HashIndex: finds the rows of a table by the hash of their key.
#pragma once

#include <cstdint>
#include <string_view>

#include "schemas/vocab/ids.h"
#include "schemas/vocab/lazy_array.h"

namespace spine::core {

// Spreads an id over 32 bits (the finalizer of MurmurHash3, A. Appleby, public domain).
inline std::uint32_t hash_id(std::uint64_t id) {
  id ^= id >> 33;
  id *= 0xff51afd7ed558ccdULL;
  id ^= id >> 33;
  id *= 0xc4ceb9fe1a85ec53ULL;
  return static_cast<std::uint32_t>(id ^ (id >> 33));
}

// A fingerprint is as good as random: any part of it is a hash.
inline std::uint32_t hash_fingerprint(Bits128 fingerprint) {
  return static_cast<std::uint32_t>(fingerprint.lo);
}

// XXH3 (Y. Collet) with a seed out of the journal's secret key: outsiders choose the texts, but not
// where they collide. Never stored: only the place in an index depends on it.
std::uint32_t hash_text(std::uint64_t seed, std::string_view text);

// Open addressing with linear probing, at most half full, doubling as it fills; a deleted entry is
// closed up by shifting back, so there are no tombstones. A slot holds hash and row only: whether
// the row really has the key is for the caller's `equal` to say. Never iterated by rules.
class HashIndex {
 public:
  HashIndex() = default;

  // Row with that hash for which equal(row) holds; 0 = none. Several may: `equal` may remember what
  // it saw and answer false to be shown all of them.
  template <class Equal>
  std::uint32_t find(std::uint32_t hash, Equal equal) const {
    if (used_ == 0) return 0;
    for (std::size_t at = hash & mask_;; at = (at + 1) & mask_) {
      const Slot slot = slots_[at];
      if (slot.row == 0) return 0;
      if (slot.hash == hash && equal(slot.row)) return slot.row;
    }
  }

  // REQUIRES: row != 0 and (hash, row) is not in the index.
  void insert(std::uint32_t hash, std::uint32_t row);
  // Does nothing when (hash, row) is not there.
  void erase(std::uint32_t hash, std::uint32_t row);
  // Tells the processor that the slot of this hash is wanted soon.
  void prefetch(std::uint32_t hash) const {
    if (used_ == 0) return;
    __builtin_prefetch(&slots_[hash & mask_]);
    // GCC 12 takes a function that only prefetches for one without effect and drops its calls.
    asm volatile("");
  }
  std::uint32_t used() const { return used_; }
  std::size_t bytes() const { return slots_.count() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t hash{};
    std::uint32_t row{};  // 0 = free
  };
  void grow();
  void place(std::uint32_t hash, std::uint32_t row);

  LazyArray<Slot> slots_{};
  std::size_t mask_{};
  std::uint32_t used_{};
};

}  // namespace spine::core
