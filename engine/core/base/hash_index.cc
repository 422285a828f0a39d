// HashIndex: insertion, deletion, growth.
#include "engine/core/base/hash_index.h"

#include <xxhash.h>

namespace spine::core {
namespace {

constexpr std::size_t kSlotsFirst = 512;  // one page

}  // namespace

std::uint32_t hash_text(std::uint64_t seed, std::string_view text) {
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(text.data(), text.size(), seed));
}

void HashIndex::place(std::uint32_t hash, std::uint32_t row) {
  std::size_t at = hash & mask_;
  while (slots_[at].row != 0)
    at = (at + 1) & mask_;
  slots_[at] = Slot{.hash = hash, .row = row};
}

void HashIndex::grow() {
  LazyArray<Slot> old = std::move(slots_);
  const std::size_t count = old.count() == 0 ? kSlotsFirst : old.count() * 2;
  slots_ = LazyArray<Slot>(count, MemoryUse::all_over);
  mask_ = slots_.count() - 1;
  for (std::size_t at = 0; at < old.count(); ++at) {
    if (old[at].row != 0) place(old[at].hash, old[at].row);
  }
}

void HashIndex::insert(std::uint32_t hash, std::uint32_t row) {
  SPINE_CHECK(row != 0);
  if (std::size_t{used_ + 1} * 2 > slots_.count()) grow();
  place(hash, row);
  ++used_;
}

void HashIndex::erase(std::uint32_t hash, std::uint32_t row) {
  if (used_ == 0) return;
  std::size_t hole = hash & mask_;
  while (slots_[hole].row != row || slots_[hole].hash != hash) {
    if (slots_[hole].row == 0) return;
    hole = (hole + 1) & mask_;
  }
  // Backward shift (Knuth, TAOCP vol. 3, 6.4, algorithm R): entries that were placed past the hole
  // move into it.
  for (std::size_t at = (hole + 1) & mask_; slots_[at].row != 0; at = (at + 1) & mask_) {
    const std::size_t home = slots_[at].hash & mask_;
    if (((at - home) & mask_) >= ((at - hole) & mask_)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = Slot{};
  --used_;
}

}  // namespace spine::core
