// Idempotency: the ring and its index.
#include "engine/core/idempotency.h"

namespace spine::core {
namespace {

// Entries whose day has passed are cleared away by later ones, a few at a time.
constexpr int kClearedPerAdd = 4;

bool passed(const IdempotentRequest& request, std::uint64_t now_ms) {
  return now_ms >= request.logical_ms && now_ms - request.logical_ms >= limits::kIdempotencyMs;
}

}  // namespace

Idempotency::Idempotency() : ring_(kRing) {}

bool Idempotency::find(Bits128 fingerprint, std::uint64_t now_ms, IdempotentRequest& out) const {
  const std::uint32_t row = index_.find(hash_fingerprint(fingerprint), [&](std::uint32_t at) {
    return ring_[at - 1].fingerprint == fingerprint;
  });
  if (row == 0 || passed(ring_[row - 1], now_ms)) return false;
  out = ring_[row - 1];
  return true;
}

void Idempotency::drop_oldest() {
  index_.erase(hash_fingerprint(ring_[first_].fingerprint), first_ + 1);
  ring_[first_] = IdempotentRequest{};
  first_ = (first_ + 1) & (kRing - 1);
  --count_;
}

void Idempotency::add(const IdempotentRequest& request) {
  for (int i = 0; i < kClearedPerAdd && count_ > 0 && passed(ring_[first_], request.logical_ms);
       ++i)
    drop_oldest();
  if (count_ == limits::kIdempotencyKeysMax) {
    if (!passed(ring_[first_], request.logical_ms)) ++evicted_young_;
    drop_oldest();
  }
  restore(request);
}

bool Idempotency::restore(const IdempotentRequest& request) {
  const std::uint32_t hash = hash_fingerprint(request.fingerprint);
  const std::uint32_t old = index_.find(
      hash, [&](std::uint32_t at) { return ring_[at - 1].fingerprint == request.fingerprint; });
  if (old != 0) index_.erase(hash, old);
  const std::uint32_t at = place(count_);
  ring_[at] = request;
  index_.insert(hash, at + 1);
  ++count_;
  return true;
}

void Idempotency::set_run(Seq message, RunId run) {
  if (count_ == 0) return;
  IdempotentRequest& last = ring_[place(count_ - 1)];
  if (last.message == message) last.run = run;
}

std::size_t Idempotency::bytes() const {
  return std::size_t{count_} * sizeof(IdempotentRequest) + index_.bytes();
}

}  // namespace spine::core
