// Steady state allocates nothing per message.
#include <array>
#include <gtest/gtest.h>

#include "adapters/websocket/protocol/pending.h"
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

// What a message is answered with waits in a row of its own until the engine has said its word.
TEST(PendingTable, AllocatesNothingPerQuestion) {
  struct Asked {
    std::array<char, 64> key{};
    void operator()(net::Responder&, const pipeline::ReplyItem&) const {}
  };
  net::PendingTable table;
  std::array<std::uint64_t, 64> numbers{};
  const auto turn = [&] {
    for (std::uint64_t& number : numbers)
      number = table.add({}, "17:0b1f7a4e-3c55-4f0e-9a6e-0d6a2f6f2b11", Asked{});
    for (const std::uint64_t number : numbers)
      table.remove(number);
  };
  turn();
  const std::uint64_t before = allocations();
  for (int i = 0; i < 200; ++i)
    turn();
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
