// Duplicates: the ring and its index.
#include "engine/core/duplicates.h"

namespace spine::core {
namespace {

// The next entries to go are fetched this many insertions ahead.
constexpr std::uint32_t kFetchAhead = 8;

}  // namespace

Duplicates::Duplicates()
    : fingerprint_(limits::kDuplicatesMax),
      seq_(limits::kDuplicatesMax),
      minute_(limits::kDuplicatesMax) {}

std::uint32_t Duplicates::find_place(Bits128 fingerprint) const {
  return index_.find(hash_fingerprint(fingerprint),
                     [&](std::uint32_t row) { return fingerprint_[row - 1] == fingerprint; });
}

Seq Duplicates::find(Bits128 fingerprint) const {
  const std::uint32_t row = find_place(fingerprint);
  return row == 0 ? Seq{} : seq_[row - 1];
}

void Duplicates::prefetch(Bits128 fingerprint) const {
  index_.prefetch(hash_fingerprint(fingerprint));
}

void Duplicates::drop_oldest(std::uint32_t minute) {
  constexpr std::uint32_t kYoungMinutes = minute_of(limits::kDuplicateYoungMs);
  if (minute - minute_[first_] < kYoungMinutes) ++evicted_young_;
  index_.erase(hash_fingerprint(fingerprint_[first_]), first_ + 1);
  first_ = (first_ + 1) & (limits::kDuplicatesMax - 1);
  --count_;
  if (count_ > kFetchAhead) index_.prefetch(hash_fingerprint(fingerprint_[place(kFetchAhead)]));
}

void Duplicates::add(const Duplicate& entry) {
  if (find_place(entry.fingerprint) != 0) return;
  if (count_ == limits::kDuplicatesMax) drop_oldest(entry.minute);
  const std::uint32_t at = place(count_);
  fingerprint_[at] = entry.fingerprint;
  seq_[at] = entry.seq;
  minute_[at] = entry.minute;
  index_.insert(hash_fingerprint(entry.fingerprint), at + 1);
  ++count_;
}

Duplicate Duplicates::at(std::uint32_t index) const {
  const std::uint32_t at = place(index);
  return Duplicate{.fingerprint = fingerprint_[at], .seq = seq_[at], .minute = minute_[at]};
}

std::size_t Duplicates::bytes() const {
  return std::size_t{count_} * (sizeof(Bits128) + sizeof(Seq) + 4) + index_.bytes();
}

}  // namespace spine::core
