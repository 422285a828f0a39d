// The tables of what was seen before.
#include <gtest/gtest.h>

#include "engine/core/messages/repeats.h"

namespace spine::core {
namespace {

Bits128 print(std::uint64_t n) {
  // Spread like a fingerprint, but different for every n.
  return Bits128{.hi = n, .lo = (n + 1) * 0x9e3779b97f4a7c15ULL};
}

TEST(Duplicates, RemembersTheLastOnesAndLetsTheOldestGo) {
  Duplicates ring;
  constexpr std::uint64_t kExtra = 1'000;
  const std::uint32_t old = Duplicates::minute_of(0);
  const std::uint32_t later = Duplicates::minute_of(limits::kDuplicateYoungMs);
  for (std::uint64_t n = 1; n <= limits::kDuplicatesMax; ++n) {
    ring.add({.fingerprint = print(n), .seq = Seq{n}, .minute = n <= kExtra / 2 ? old : later});
  }
  EXPECT_EQ(ring.count(), limits::kDuplicatesMax);
  for (std::uint64_t n = limits::kDuplicatesMax + 1; n <= limits::kDuplicatesMax + kExtra; ++n) {
    ring.add({.fingerprint = print(n), .seq = Seq{n}, .minute = later});
  }
  EXPECT_EQ(ring.count(), limits::kDuplicatesMax);
  EXPECT_EQ(ring.evicted_young(), kExtra / 2);
  for (std::uint64_t n = 1; n <= kExtra; ++n)
    ASSERT_EQ(ring.find(print(n)), Seq{});
  for (std::uint64_t n = kExtra + 1; n <= limits::kDuplicatesMax + kExtra; ++n) {
    ASSERT_EQ(ring.find(print(n)), Seq{n});
  }
  EXPECT_EQ(ring.at(0).seq, Seq{kExtra + 1});
}

TEST(Duplicates, TheFirstOfTwoIsTheOriginal) {
  Duplicates ring;
  ring.add({.fingerprint = print(1), .seq = Seq{10}, .minute = 0});
  ring.add({.fingerprint = print(1), .seq = Seq{20}, .minute = 0});
  EXPECT_EQ(ring.find(print(1)), Seq{10});
  EXPECT_EQ(ring.count(), 1U);
}

TEST(Idempotency, ForgetsAfterADay) {
  Idempotency keys;
  IdempotentRequest found{};
  keys.add({.fingerprint = print(1), .message = Seq{5}, .run = {}, .logical_ms = 1'000});
  keys.set_run(Seq{4}, RunId{9});
  keys.set_run(Seq{5}, RunId{6});
  ASSERT_TRUE(keys.find(print(1), 1'000 + limits::kIdempotencyMs - 1, found));
  EXPECT_EQ(found.message, Seq{5});
  EXPECT_EQ(found.run, RunId{6});
  EXPECT_FALSE(keys.find(print(1), 1'000 + limits::kIdempotencyMs, found));
  keys.add({.fingerprint = print(1),
            .message = Seq{8},
            .run = {},
            .logical_ms = 1'000 + limits::kIdempotencyMs});
  EXPECT_EQ(keys.count(), 1U);
  ASSERT_TRUE(keys.find(print(1), 1'000 + limits::kIdempotencyMs, found));
  EXPECT_EQ(found.message, Seq{8});
}

TEST(Idempotency, IsBounded) {
  Idempotency keys;
  IdempotentRequest found{};
  for (std::uint64_t n = 1; n <= limits::kIdempotencyKeysMax + 10; ++n) {
    keys.add({.fingerprint = print(n), .message = Seq{n}, .run = {}, .logical_ms = 1});
  }
  EXPECT_EQ(keys.count(), limits::kIdempotencyKeysMax);
  EXPECT_FALSE(keys.find(print(10), 1, found));
  EXPECT_TRUE(keys.find(print(11), 1, found));
}

}  // namespace
}  // namespace spine::core
