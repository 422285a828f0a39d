// Steady state allocates nothing per message.
#include <gtest/gtest.h>

#include "bench/micro/allocations.h"
#include "bench/micro/steady_path.h"

namespace spine::bench {
namespace {

TEST(SteadyPath, AllocatesNothingPerMessage) {
  SteadyPath path;
  path.warm();
  for (int i = 0; i < 50; ++i)
    path.turn(64);
  const std::uint64_t before = allocations();
  const std::uint64_t answered = path.answered();
  for (int i = 0; i < 200; ++i)
    path.turn(64);
  EXPECT_EQ(path.answered() - answered, 200U * 64U);
  EXPECT_EQ(allocations() - before, 0U);
}

TEST(Allocations, AreCounted) {
  const std::uint64_t before = allocations();
  auto* number = new int{7};
  EXPECT_EQ(*number, 7);
  delete number;
  EXPECT_GE(allocations() - before, 1U);
}

}  // namespace
}  // namespace spine::bench
