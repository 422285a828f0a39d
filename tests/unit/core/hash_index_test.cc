// HashIndex against a plain list.
#include "engine/core/base/hash_index.h"

#include <gtest/gtest.h>
#include <map>

#include "tests/unit/core/prng.h"

namespace spine::core {
namespace {

TEST(HashIndex, FindsWhatIsInAndNothingElse) {
  Prng prng(7);
  HashIndex index;
  std::map<std::uint32_t, std::uint32_t> hashes;  // row -> hash; few hashes, so they collide
  for (int i = 0; i < 20'000; ++i) {
    const auto row = static_cast<std::uint32_t>(1 + prng.below(2'000));
    const auto found = hashes.find(row);
    if (found == hashes.end()) {
      const auto hash = static_cast<std::uint32_t>(prng.below(300) * (prng.chance(50) ? 1 : 7919));
      index.insert(hash, row);
      hashes[row] = hash;
    } else {
      index.erase(found->second, row);
      hashes.erase(found);
    }
    ASSERT_EQ(index.used(), hashes.size());
    if (i % 500 != 0) continue;
    for (std::uint32_t each = 1; each <= 2'000; ++each) {
      const auto is = [each](std::uint32_t at) { return at == each; };
      const auto in = hashes.find(each);
      if (in != hashes.end()) {
        ASSERT_EQ(index.find(in->second, is), each);
        ASSERT_EQ(index.find(in->second + 1, is), 0U);
      }
    }
  }
}

TEST(HashIndex, ShowsEveryRowOfAHashToACallerWhoRefuses) {
  HashIndex index;
  for (std::uint32_t row = 1; row <= 5; ++row)
    index.insert(9, row);
  std::uint32_t seen = 0;
  EXPECT_EQ(index.find(9, [&](std::uint32_t) { return ++seen == 0; }), 0U);
  EXPECT_EQ(seen, 5U);
}

TEST(HashIndex, ErasingWhatIsNotThereChangesNothing) {
  HashIndex index;
  index.erase(1, 1);
  index.insert(1, 1);
  index.erase(1, 2);
  index.erase(2, 1);
  EXPECT_EQ(index.used(), 1U);
  EXPECT_EQ(index.find(1, [](std::uint32_t) { return true; }), 1U);
}

}  // namespace
}  // namespace spine::core
